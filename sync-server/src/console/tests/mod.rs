//! The console through its router, as a browser sees it.

mod anonymity;
mod door;
mod files;
mod pages;
mod photos;
mod staff;
