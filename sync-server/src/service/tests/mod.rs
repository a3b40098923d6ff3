//! The protocol's functions over a small township's database.

mod erase;
mod erase_files;
mod erase_unseen;
mod held;
mod life;
mod moves;
mod salvage;
