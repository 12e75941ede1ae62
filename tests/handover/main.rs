//! The box changes hands under load: requests are held back, passed on and answered, and nobody
//! who listens misses anything.

#[path = "../system/client.rs"]
#[expect(dead_code, reason = "a part of it is for other tests")]
mod client;
mod clients;
mod crowd;
mod gate;
#[path = "../system/rig.rs"]
#[expect(dead_code, reason = "a part of it is for other tests")]
mod rig;
#[path = "../system/seeded.rs"]
mod seeded;
mod supervisor;
mod switches;
mod wire;
mod workers;
