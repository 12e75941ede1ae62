//! Updates under a crowd: a program of its own, so that no other test takes the machine from it.

#[path = "../endtoend_updates/boxed.rs"]
#[expect(dead_code, reason = "a part of it is for other tests")]
mod boxed;
#[path = "../system/client.rs"]
#[expect(dead_code, reason = "a part of it is for other tests")]
mod client;
#[path = "../handover/clients.rs"]
mod clients;
#[path = "../handover/crowd.rs"]
mod crowd;
#[expect(dead_code, reason = "a part of it is for the bench")]
mod crowded;
#[path = "../endtoend_updates/publisher.rs"]
#[expect(dead_code, reason = "a part of it is for other tests")]
mod publisher;
#[path = "../fixtures/releases.rs"]
#[expect(dead_code, unreachable_pub, reason = "a part of it is for other tests")]
mod releases;
#[path = "../release/scene.rs"]
#[expect(dead_code, unreachable_pub, reason = "a part of it is for other tests")]
mod scene;
#[path = "../fixtures/small.rs"]
#[expect(unreachable_pub, reason = "it is taken in by path")]
mod small;
