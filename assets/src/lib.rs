//! CSS, icons and logo as embedded constants, for the phone app and the office console.
