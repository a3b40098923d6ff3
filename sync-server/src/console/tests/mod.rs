//! The console through its router, as a browser sees it.

mod anonymity;
mod deeds;
mod door;
mod erase;
mod files;
mod held;
mod pages;
mod photos;
mod staff;
mod told;
mod totals;
