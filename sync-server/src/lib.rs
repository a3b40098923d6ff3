//! The server of 连心册.
