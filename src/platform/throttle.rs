//! How often one caller may ask: token buckets in memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use ipnet::IpNet;

use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};

/// Callers remembered at once; full buckets are dropped first when there are more.
const CALLERS_MAX: usize = 50_000;

/// The network one household or office shares: /24 of IPv4, /56 of IPv6. Throttling counts by it.
pub fn network(address: IpAddr) -> IpAddr {
    let prefix = if address.is_ipv4() { 24 } else { 56 };
    IpNet::new(address, prefix).map_or(address, |net| net.network())
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Thousandths of a request that may still come.
    left: u64,
    filled_at: Moment,
}

/// A bucket per caller: `burst` at once, refilled at `per_min`.
pub struct Buckets<K> {
    burst: u64,
    per_min: u64,
    code: &'static str,
    callers: Mutex<HashMap<K, Bucket>>,
}

const THOUSAND: u64 = 1_000;
const MILLIS_PER_MIN: u64 = 60_000;

impl<K: Eq + Hash + Copy> Buckets<K> {
    pub fn new(burst: u64, per_min: u64, code: &'static str) -> Self {
        Self { burst, per_min, code, callers: Mutex::default() }
    }

    /// Takes one request out of the caller's bucket or says when to come back.
    pub fn take(&self, caller: K, now: Moment) -> Result<()> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = self.filled(&mut callers, caller, now);
        if bucket.left < THOUSAND {
            return Err(self.refusal(bucket.left));
        }
        bucket.left -= THOUSAND;
        Ok(())
    }

    /// Refuses when the bucket is empty, without taking: for things that only count when they
    /// fail.
    pub fn check(&self, caller: K, now: Moment) -> Result<()> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.filled(&mut callers, caller, now).left;
        if left < THOUSAND { Err(self.refusal(left)) } else { Ok(()) }
    }

    /// Gives back what `take` took: for things that only count when they fail, and did not.
    pub fn put_back(&self, caller: K, now: Moment) {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let full = self.burst * THOUSAND;
        let bucket = self.filled(&mut callers, caller, now);
        bucket.left = bucket.left.saturating_add(THOUSAND).min(full);
    }

    fn filled<'a>(
        &self,
        callers: &'a mut HashMap<K, Bucket>,
        caller: K,
        now: Moment,
    ) -> &'a mut Bucket {
        let full = self.burst * THOUSAND;
        if callers.len() >= CALLERS_MAX && !callers.contains_key(&caller) {
            let refill = |bucket: &Bucket| self.refill(*bucket, now).left < full;
            callers.retain(|_, bucket| refill(bucket));
            if callers.len() >= CALLERS_MAX {
                callers.clear();
            }
        }
        let bucket = callers.entry(caller).or_insert(Bucket { left: full, filled_at: now });
        *bucket = self.refill(*bucket, now);
        bucket
    }

    fn refill(&self, bucket: Bucket, now: Moment) -> Bucket {
        let millis = u64::try_from(now.since(bucket.filled_at).as_millis()).unwrap_or(u64::MAX);
        let gained = millis.saturating_mul(self.per_min).saturating_mul(THOUSAND) / MILLIS_PER_MIN;
        if gained == 0 && now >= bucket.filled_at {
            return bucket;
        }
        let left = bucket.left.saturating_add(gained).min(self.burst * THOUSAND);
        Bucket { left, filled_at: now }
    }

    fn refusal(&self, left: u64) -> Error {
        let missing = THOUSAND - left;
        let millis = missing * MILLIS_PER_MIN / (self.per_min.max(1) * THOUSAND);
        Error::Throttled {
            code: self.code,
            retry_after_s: millis.div_ceil(1_000).max(1),
            limit: Some(self.burst),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let buckets = Buckets::new(2, 60, "too-many-requests");
        let start = Moment(1_000_000);

        assert!(buckets.take('a', start).is_ok());
        assert!(buckets.take('a', start).is_ok());
        let Err(Error::Throttled { retry_after_s, .. }) = buckets.take('a', start) else {
            panic!("the third was let through")
        };
        assert_eq!(retry_after_s, 1);
        assert!(buckets.take('b', start).is_ok());
        assert!(buckets.take('a', start.plus(Duration::from_secs(1))).is_ok());
        assert!(buckets.take('a', start.plus(Duration::from_secs(1))).is_err());
    }

    #[test]
    fn what_is_put_back_can_be_taken_again() {
        let buckets = Buckets::new(1, 1, "too-many-requests");
        assert!(buckets.take('a', Moment(0)).is_ok());

        buckets.put_back('a', Moment(0));
        buckets.put_back('a', Moment(0));

        assert!(buckets.take('a', Moment(0)).is_ok());
        assert!(buckets.take('a', Moment(0)).is_err(), "more came back than was taken");
    }

    #[test]
    fn looking_takes_nothing() {
        let buckets = Buckets::new(1, 1, "too-many-requests");

        for _ in 0..10 {
            assert!(buckets.check('a', Moment(0)).is_ok());
        }
    }

    #[test]
    fn a_clock_that_goes_back_neither_fills_nor_blocks_for_ever() {
        let buckets = Buckets::new(1, 60, "too-many-requests");
        let late = Moment(10_000_000);
        assert!(buckets.take('a', late).is_ok());

        assert!(buckets.take('a', Moment(0)).is_err());
        assert!(buckets.take('a', Moment(1_000)).is_ok());
    }
}
