//! The box changes hands under load: requests are held back, passed on and answered, and nobody
//! who listens misses anything.

mod gate;
mod wire;
