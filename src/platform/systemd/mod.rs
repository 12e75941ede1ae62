//! The service manager's side: the sockets it holds for the box, what it is told, and how it knows
//! that the box is alive. Without systemd all of it does nothing, and the box works the same.

pub mod journal;
pub mod notify;
pub mod sockets;
pub mod watchdog;
