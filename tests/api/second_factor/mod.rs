//! The second factor: who needs one and when, and what a fresh proof is needed for.

mod requirement;
mod step_up;
