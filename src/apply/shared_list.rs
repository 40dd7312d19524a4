//! One reading of a list for all who ask while it may still serve them.
//!
//! The list of an app may be very long, and each doubt is settled by it: whoever asks while it is
//! being read waits for the next reading, and everybody who waited by then shares that one. So
//! there is one copy of it at a time, and a hundred doubts cost a few lists.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use super::outcome::Failure;
use crate::provider::Listed;

/// The rows of a list that is shared.
pub(super) type Rows = Result<Arc<Vec<Listed>>, Failure>;

/// The list of one app.
#[derive(Debug, Default)]
pub(super) struct SharedList {
    /// How many have asked so far.
    asked: AtomicU64,
    /// How many of them have their rows.
    served: AtomicU64,
    newest: Mutex<Option<Reading>>,
}

#[derive(Debug)]
struct Reading {
    /// How many had asked when it began.
    asked: u64,
    rows: Rows,
}

impl SharedList {
    /// The rows as they stood at some instant after this was called; `read` reads them.
    pub(super) async fn rows<F>(&self, read: impl FnOnce() -> F) -> Rows
    where
        F: Future<Output = Result<Vec<Listed>, Failure>>,
    {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        let mut newest = self.newest.lock().await;
        let reading = match newest.take() {
            Some(reading) if reading.asked > number => reading,
            Some(_) | None => {
                let asked = self.asked.load(Ordering::SeqCst);
                Reading { asked, rows: read().await.map(Arc::new) }
            }
        };
        let rows = reading.rows.clone();
        // Nobody who asks from now on can use it.
        let served = self.served.fetch_add(1, Ordering::SeqCst) + 1;
        *newest = (served < reading.asked).then_some(reading);
        rows
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::JoinSet;
    use tokio::time::{Instant, sleep};

    use super::*;

    fn plain(error: &str) -> Failure {
        Failure { error: error.to_owned(), code: None, request_id: None }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_gets_a_list_older_than_the_question_and_readings_are_shared() {
        let list = Arc::new(SharedList::default());
        let readings = Arc::new(AtomicU64::new(0));
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for number in 0..100_u64 {
            let (list, readings) = (Arc::clone(&list), Arc::clone(&readings));
            tasks.spawn(async move {
                // They ask within ten seconds; a reading takes three.
                sleep(Duration::from_millis(number * 100)).await;
                let asked = Instant::now();
                let rows = list.rows(|| async {
                    let started = readings.fetch_add(1, Ordering::SeqCst) + 1;
                    let at = begun.elapsed();
                    sleep(Duration::from_secs(3)).await;
                    Err(plain(&format!("{started} {}", at.as_millis())))
                });
                let told = rows.await.unwrap_err().error;
                let at: u64 = told.split(' ').nth(1).unwrap().parse().unwrap();
                assert!(begun + Duration::from_millis(at) >= asked, "{number}: {told}");
            });
        }
        tasks.join_all().await;
        assert_eq!(readings.load(Ordering::SeqCst), 5);
        assert!(list.newest.lock().await.is_none(), "it is let go once all have it");
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_while_waiting_keeps_nobody_from_the_list() {
        let list = SharedList::default();
        for _ in 0..3 {
            let slow = list.rows(|| async {
                sleep(Duration::from_mins(1)).await;
                Ok(Vec::new())
            });
            assert!(tokio::time::timeout(Duration::from_secs(1), slow).await.is_err());
        }
        let rows = list.rows(|| async { Ok(Vec::new()) }).await;
        assert_eq!(rows, Ok(Arc::new(Vec::new())));
    }
}
