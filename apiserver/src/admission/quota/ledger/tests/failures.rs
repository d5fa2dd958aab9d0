//! What stays right when the store fails, when a worker dies, and where there are more quotas than one transaction takes.

use super::*;
use faulty::Fault;

async fn charged(ledger: &Ledger) -> Box<dyn Undo> {
    let charged = ledger.charge("a", write(false)).await.expect("it fits");
    charged.expect("it is charged")
}

#[tokio::test]
async fn what_could_not_be_given_back_is_given_back_later() {
    let bench = Bench::new(5).await;
    let ledger = bench.ledger();
    let (first, second) = (charged(&ledger).await, charged(&ledger).await);
    bench.store.fail(&[Fault::Lost, Fault::Lost]);
    tokio::join!(first.undo(), second.undo());
    bench.until_used("0").await;
}

#[tokio::test]
async fn what_may_be_given_back_is_not_given_back_again() {
    let bench = Bench::new(5).await;
    let ledger = bench.ledger();
    let (first, _second) = (charged(&ledger).await, charged(&ledger).await);
    bench.store.fail(&[Fault::Unanswered]);
    let reads = bench.store.reads();
    first.undo().await;
    // The first try, and the one after its pause, which finds the quota changed.
    while bench.store.reads() < reads + 2 || !ledger.waiting().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(bench.used().await, ["1"]);
}

#[tokio::test]
async fn nobody_waits_for_ever_for_what_is_given_back() {
    let bench = Bench::new(5).await;
    let charged = charged(&bench.ledger()).await;
    bench.store.fail(&[Fault::Stuck]);
    tokio::time::pause();
    let undone = tokio::time::timeout(2 * QUOTA_WAIT_MAX, charged.undo()).await;
    assert!(undone.is_ok());
}

#[tokio::test]
async fn more_quotas_than_one_transaction_takes_are_charged_all() {
    let bench = Bench::with_quotas(QUOTA_TXN_QUOTAS_MAX + 2, 3).await;
    let ledgers = [bench.ledger(), bench.ledger()];
    let answers = join_all((0..6).map(|at| ledgers[at % 2].charge("a", write(false)))).await;
    let taken: Vec<_> = answers.into_iter().flatten().flatten().collect();
    assert_eq!(taken.len(), 3);
    bench.until_used("3").await;
    for one in taken {
        one.undo().await;
    }
    bench.until_used("0").await;
}

#[tokio::test]
async fn a_part_that_is_charged_before_another_fails_is_given_back() {
    let bench = Bench::with_quotas(QUOTA_TXN_QUOTAS_MAX + 2, 3).await;
    bench.store.fail(&[Fault::None, Fault::Lost]);
    let refused = bench.ledger().charge("a", write(false)).await;
    assert_eq!(refused.err().map(|status| status.code), Some(503));
    assert!(bench.used().await.contains(&"1".to_owned()));
    bench.until_used("0").await;
}

#[tokio::test]
async fn what_a_store_finds_too_large_is_written_in_halves() {
    let bench = Bench::with_quotas(4, 3).await;
    bench.store.fail(&[Fault::TooLarge, Fault::TooLarge]);
    charged(&bench.ledger()).await;
    assert_eq!(bench.used().await, ["1"; 4]);
}

#[tokio::test]
async fn a_worker_that_dies_leaves_nobody_waiting() {
    let bench = Bench::new(5).await;
    let ledger = bench.ledger();
    let earlier = charged(&ledger).await;
    bench.store.fail(&[Fault::Panic]);
    // More than what comes back, so that there is something to write.
    let charges = join_all((0..2).map(|_| ledger.charge("a", write(false))));
    let (refused, ()) = tokio::join!(charges, earlier.undo());
    for refused in refused {
        let why = refused.err().map(|status| status.message).unwrap_or_default();
        assert!(why.ends_with("resource quota evaluation failed"), "{why}");
    }
    let later = charged(&ledger).await;
    bench.until_used("1").await;
    later.undo().await;
    bench.until_used("0").await;
}

#[test]
fn what_is_given_back_goes_before_writes() {
    let mut queue = Queue::default();
    for _ in 0..QUOTA_BATCH_MAX {
        let (answer, _) = oneshot::channel();
        let write = Box::new(write(false));
        assert!(queue.add_write(Waiting { write, answer }).is_ok());
    }
    queue.add_give_back(GiveBack::of(Vec::new()));
    let batch = queue.take();
    assert_eq!(
        (batch.give_backs.len(), batch.writes.len()),
        (1, QUOTA_BATCH_MAX - 1)
    );
    assert_eq!(queue.take().writes.len(), 1);
    assert!(queue.is_empty());
}
