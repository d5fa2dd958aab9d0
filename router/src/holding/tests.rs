//! Members come and go, and what is kept follows.

use super::*;
use crate::members::tests::{cache, frontend, members};
use crate::members::{Member, State};

const LOADED: Standing = Standing {
    is_loaded: true,
    is_foreign: false,
    is_behind: false,
    watchers: 3,
};
const EMPTY: Standing = Standing {
    is_loaded: false,
    is_foreign: false,
    is_behind: false,
    watchers: 0,
};

fn pods() -> Unit {
    Unit::new("pods")
}

struct Scene {
    holding: Holding,
    now: Instant,
}

impl Scene {
    /// The member "a".
    fn new() -> Self {
        Self {
            holding: Holding::new("a".into()),
            now: Instant::now(),
        }
    }

    fn sees(&mut self, all: Vec<Member>, standing: Standing) -> Vec<Step> {
        let view = Arc::new(members(all));
        let steps = self
            .holding
            .advance(&view, &BTreeSet::from([pods()]), |_| standing, self.now);
        steps.unwrap_or_default()
    }
}

fn draining(member: Member) -> Member {
    Member {
        state: State::Draining,
        ..member
    }
}

#[test]
fn what_is_there_no_more_is_released_at_once() {
    let mut scene = Scene::new();
    assert_eq!(scene.sees(vec![cache("a", &[])], EMPTY), [Step::Hold(pods())]);
    scene.sees(vec![cache("a", &[])], LOADED);
    let view = scene.holding.view.clone();
    let steps = scene
        .holding
        .advance(&view, &BTreeSet::new(), |_| LOADED, scene.now);
    assert_eq!(steps, Some(vec![Step::Release(pods())]));
    assert!(scene.holding.ready().is_empty());
}

#[test]
fn what_is_taken_over_is_loaded_before_it_is_served() {
    let mut scene = Scene::new();
    let alone = || vec![frontend("f"), cache("a", &[])];
    assert_eq!(scene.sees(vec![frontend("f")], EMPTY), []);
    assert_eq!(scene.sees(alone(), EMPTY), [Step::Hold(pods())]);
    assert_eq!(scene.sees(alone(), EMPTY), []);
    assert!(scene.holding.ready().is_empty());
    scene.sees(alone(), LOADED);
    assert!(scene.holding.ready().contains(&pods()));
}

#[test]
fn what_is_given_up_is_served_until_others_are_ready() {
    let mut scene = Scene::new();
    scene.sees(vec![cache("a", &[])], EMPTY);
    scene.sees(vec![cache("a", &["pods"])], LOADED);
    let leaving = || draining(cache("a", &["pods"]));
    assert_eq!(scene.sees(vec![leaving(), cache("b", &[])], LOADED), []);
    assert!(scene.holding.ready().contains(&pods()));
    let taken_over = || vec![leaving(), cache("b", &["pods"])];
    assert_eq!(scene.sees(taken_over(), LOADED), [Step::Leave(pods())]);
    assert!(scene.holding.ready().is_empty() && scene.holding.is_leaving());
    assert_eq!(scene.sees(taken_over(), LOADED), []);
    assert_eq!(scene.sees(taken_over(), EMPTY), [Step::Release(pods())]);
    assert!(!scene.holding.is_leaving());
}

#[test]
fn what_only_others_can_read_is_left_to_them() {
    let foreign = Standing {
        is_foreign: true,
        ..LOADED
    };
    let mut scene = Scene::new();
    let alone = || vec![frontend("f"), cache("a", &[])];
    assert_eq!(scene.sees(alone(), foreign), [Step::Hold(pods())]);
    assert_eq!(scene.sees(alone(), foreign), []);
    assert!(scene.holding.ready().is_empty());
    assert!(scene.holding.is_ready(), "it is not waited for");
    assert_eq!(scene.sees(alone(), LOADED), []);
    assert!(scene.holding.ready().contains(&pods()));
    // Then somebody writes what cannot be read: whoever watches is to leave.
    assert_eq!(scene.sees(alone(), foreign), [Step::Leave(pods())]);
    assert!(scene.holding.ready().is_empty());
    assert_eq!(scene.sees(alone(), foreign), []);
    assert_eq!(scene.sees(vec![frontend("f")], foreign), []);
}

#[test]
fn clients_that_do_not_leave_are_not_waited_for() {
    let mut scene = Scene::new();
    scene.sees(vec![cache("a", &[])], LOADED);
    let taken_over = || vec![draining(cache("a", &["pods"])), cache("b", &["pods"])];
    assert_eq!(scene.sees(taken_over(), LOADED), [Step::Leave(pods())]);
    scene.now += LEAVE_MAX;
    assert_eq!(scene.sees(taken_over(), LOADED), [Step::Release(pods())]);
}

#[test]
fn who_joins_gets_its_part_of_the_watches() {
    let mut scene = Scene::new();
    scene.sees(vec![cache("a", &[])], LOADED);
    assert_eq!(scene.sees(vec![cache("a", &["pods"])], LOADED), []);
    assert_eq!(
        scene.sees(vec![cache("a", &["pods"]), cache("b", &[])], LOADED),
        []
    );
    let both = || vec![cache("a", &["pods"]), cache("b", &["pods"])];
    assert_eq!(scene.sees(both(), LOADED), [Step::Shed(pods(), 0.5)]);
    assert_eq!(scene.sees(both(), LOADED), []);
    // When it goes and comes back, it has nothing again.
    assert_eq!(scene.sees(vec![cache("a", &["pods"])], LOADED), []);
    assert_eq!(scene.sees(both(), LOADED), [Step::Shed(pods(), 0.5)]);
}

#[test]
fn who_is_cut_off_from_the_store_lets_others_serve() {
    let behind = Standing {
        is_behind: true,
        ..LOADED
    };
    let told = |member: Member| Member {
        behind: [pods()].into(),
        ..member
    };
    let mut scene = Scene::new();
    scene.sees(vec![cache("a", &[])], LOADED);
    let both = || vec![cache("a", &["pods"]), cache("b", &["pods"])];
    scene.sees(both(), LOADED);
    assert_eq!(scene.sees(both(), behind), []);
    assert!(scene.holding.behind().contains(&pods()) && scene.holding.ready().contains(&pods()));
    assert_eq!(scene.sees(both(), behind), [], "nobody has heard of it yet");
    let known = || vec![told(cache("a", &["pods"])), cache("b", &["pods"])];
    assert_eq!(scene.sees(known(), behind), [Step::Leave(pods())]);
    assert_eq!(scene.sees(known(), behind), []);
    // If all are, all go on.
    let all = || vec![told(cache("a", &["pods"])), told(cache("b", &["pods"]))];
    assert_eq!(scene.sees(all(), behind), []);
    assert_eq!(scene.sees(known(), LOADED), []);
    assert!(scene.holding.behind().is_empty());
}

#[test]
fn nothing_changes_while_it_is_not_seen_itself() {
    let mut scene = Scene::new();
    scene.sees(vec![cache("a", &[])], LOADED);
    for view in [vec![], vec![cache("b", &["pods"])]] {
        assert_eq!(scene.sees(view, LOADED), []);
        assert!(scene.holding.ready().contains(&pods()));
    }
}

#[test]
fn what_is_unwanted_before_it_is_loaded_goes_at_once() {
    let mut scene = Scene::new();
    scene.sees(vec![cache("a", &[])], EMPTY);
    let gone = vec![draining(cache("a", &[])), cache("b", &[])];
    assert_eq!(scene.sees(gone, EMPTY), [Step::Release(pods())]);
}

#[test]
fn nothing_is_looked_at_whole_until_something_is_other() {
    let mut scene = Scene::new();
    let (view, all) = (
        Arc::new(members(vec![cache("a", &["pods"])])),
        BTreeSet::from([pods()]),
    );
    let mut turn = |view: &Arc<Members>, standing| scene.holding.advance(view, &all, |_| standing, scene.now);
    assert_eq!(turn(&view, LOADED), Some(vec![Step::Hold(pods())]));
    assert_eq!(turn(&view, LOADED), Some(vec![]));
    assert_eq!(turn(&view, LOADED), None);
    let more_watch = Standing {
        watchers: 9,
        ..LOADED
    };
    assert_eq!(turn(&view, more_watch), None);
    let foreign = Standing {
        is_foreign: true,
        ..LOADED
    };
    assert_eq!(turn(&view, foreign), Some(vec![Step::Leave(pods())]));
    assert_eq!(turn(&view, foreign), Some(vec![]));
    assert_eq!(turn(&view, foreign), None);
    let others = Arc::new(members(vec![cache("a", &[]), cache("b", &["pods"])]));
    assert!(turn(&others, foreign).is_some());
}

#[test]
fn what_leaves_is_looked_at_until_it_is_gone() {
    let mut scene = Scene::new();
    scene.sees(vec![cache("a", &[])], LOADED);
    let leaving = vec![draining(cache("a", &["pods"])), cache("b", &["pods"])];
    let (view, all) = (Arc::new(members(leaving)), BTreeSet::from([pods()]));
    let mut turn = |now| scene.holding.advance(&view, &all, |_| LOADED, now);
    assert_eq!(turn(scene.now), Some(vec![Step::Leave(pods())]));
    assert_eq!(turn(scene.now), Some(vec![]));
    assert_eq!(turn(scene.now + LEAVE_MAX), Some(vec![Step::Release(pods())]));
}

#[test]
fn what_went_and_came_back_is_held_again() {
    let mut scene = Scene::new();
    let alone = || vec![cache("a", &["pods"])];
    scene.sees(alone(), EMPTY);
    scene.sees(alone(), LOADED);
    assert!(scene.holding.ready().contains(&pods()));
    assert_eq!(scene.sees(alone(), EMPTY), [Step::Hold(pods())]);
    assert!(scene.holding.ready().is_empty());
    assert_eq!(scene.sees(alone(), EMPTY), []);
    scene.sees(alone(), LOADED);
    assert!(scene.holding.ready().contains(&pods()));
}
