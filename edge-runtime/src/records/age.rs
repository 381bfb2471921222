//! Whether images may be deleted by their age. A clock that is wrong once must not delete anything: it has to agree with the
//! newest records, the deletion is announced for a day before it begins, and no more than a few images go in a day.

use rusqlite::{Connection, OptionalExtension, params};

use super::clock::Timestamp;

pub(super) const DAY_MS: i64 = 86_400_000;
/// Images that are deleted by age in a day, at most.
const MAX_A_DAY: u32 = 200;
/// How many of the newest records the clock is compared with.
const COMPARED: u32 = 10;
/// A clock may be set back by so much: to the right time after a small error.
const MAX_STEP_BACK_MS: i64 = DAY_MS;
/// Longest time between two records, or the newest one and now, that is believed. A board that was off for longer deletes
/// nothing by age until it has recorded some more images.
const MAX_GAP_MS: i64 = 180 * DAY_MS;
/// An announcement that was not looked at for longer is made again.
const MAX_UNSEEN_MS: i64 = 3 * DAY_MS;

const TABLE: &str = include_str!("age_deletion.sql");

/// Whether the clock agrees with the times of the newest records, newest first.
fn clock_agrees(newest: &[i64], now: Timestamp) -> bool {
    let mut later = now.unix_ms;
    let follows = |at: &i64| {
        let gap = later.saturating_sub(*at);
        later = *at;
        (-MAX_STEP_BACK_MS..=MAX_GAP_MS).contains(&gap)
    };
    now.trusted && !newest.is_empty() && newest.iter().all(follows)
}

/// Whether the clock agrees with the newest records of a set clock.
pub(super) fn agrees(connection: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
    let sql = "SELECT recorded_ms FROM record WHERE time_trusted = 1 ORDER BY sequence DESC LIMIT ?1";
    let mut statement = connection.prepare(sql)?;
    let newest: Vec<i64> = statement.query_map([COMPARED], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(clock_agrees(&newest, now))
}

/// The deletion that is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plan {
    announced_ms: i64,
    day_ms: i64,
    deleted: u32,
}

/// What the plan comes to at a time: the plan from now on, and how many images may be deleted now.
fn advance(plan: Option<Plan>, now_ms: i64) -> (Plan, u32) {
    let new = Plan { announced_ms: now_ms, day_ms: now_ms, deleted: 0 };
    // Times ahead of the clock are those of a clock that was wrong.
    let Some(plan) = plan.filter(|plan| {
        plan.announced_ms <= now_ms && (0..=MAX_UNSEEN_MS).contains(&now_ms.saturating_sub(plan.day_ms))
    }) else {
        return (new, 0);
    };
    let plan = match now_ms - plan.day_ms >= DAY_MS {
        true => Plan { day_ms: now_ms, deleted: 0, ..plan },
        false => plan,
    };
    let due = now_ms - plan.announced_ms >= DAY_MS;
    (plan, if due { MAX_A_DAY.saturating_sub(plan.deleted) } else { 0 })
}

/// How many images may be deleted by age now, and from when on they may (milliseconds since 1970), where some are old enough.
/// The first time announces the deletion.
pub(super) fn allowed(connection: &Connection, now: Timestamp) -> rusqlite::Result<(u32, i64)> {
    connection.execute_batch(TABLE)?;
    let before = read(connection)?;
    let (plan, allowed) = advance(before, now.unix_ms);
    if before != Some(plan) {
        write(connection, plan)?;
    }
    Ok((allowed, plan.announced_ms.saturating_add(DAY_MS)))
}

/// One more image was deleted by age.
pub(super) fn deleted(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE age_deletion SET deleted = deleted + 1", []).map(drop)
}

/// Nothing is to be deleted by age.
pub(super) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'age_deletion')";
    match connection.query_row(sql, [], |row| row.get(0))? {
        true if read(connection)?.is_some() => connection.execute("DELETE FROM age_deletion", []).map(drop),
        _ => Ok(()),
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Option<Plan>> {
    let sql = "SELECT announced_ms, day_ms, deleted FROM age_deletion";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Plan { announced_ms: row.get(0)?, day_ms: row.get(1)?, deleted: row.get(2)? })
    };
    connection.query_row(sql, [], read).optional()
}

fn write(connection: &Connection, plan: Plan) -> rusqlite::Result<()> {
    let sql = "INSERT INTO age_deletion (one, announced_ms, day_ms, deleted) VALUES (1, ?1, ?2, ?3) \
               ON CONFLICT (one) DO UPDATE SET announced_ms = ?1, day_ms = ?2, deleted = ?3";
    connection.execute(sql, params![plan.announced_ms, plan.day_ms, plan.deleted]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn now(days: i64) -> Timestamp {
        Timestamp { unix_ms: NOW + days * DAY_MS, trusted: true }
    }

    #[test]
    fn a_clock_agrees_with_records_that_lead_up_to_it() {
        let at = |days: &[i64]| days.iter().map(|day| NOW - day * DAY_MS).collect::<Vec<_>>();
        assert!(clock_agrees(&at(&[0, 1, 30, 200]), now(0)));
        assert!(clock_agrees(&at(&[0]), now(179)));
        // A jump of the clock ahead of, behind and among the records.
        assert!(!clock_agrees(&at(&[0, 1]), now(13 * 365)));
        assert!(!clock_agrees(&at(&[0, 1]), now(-2)));
        assert!(!clock_agrees(&at(&[0, 13 * 365, 13 * 365 + 1]), now(1)));
        assert!(!clock_agrees(&at(&[0, -40, 2]), now(1)), "one record of the future");
        assert!(!clock_agrees(&at(&[0]), Timestamp { trusted: false, ..now(0) }));
        assert!(!clock_agrees(&[], now(0)));
        assert!(!clock_agrees(&[i64::MIN, i64::MAX], now(0)));
    }

    #[test]
    fn a_deletion_is_announced_for_a_day_and_bounded_each_day() {
        let (plan, allowed) = advance(None, NOW);
        assert_eq!((plan, allowed), (Plan { announced_ms: NOW, day_ms: NOW, deleted: 0 }, 0));
        assert_eq!(advance(Some(plan), NOW + DAY_MS - 1), (plan, 0));
        let (next, allowed) = advance(Some(plan), NOW + DAY_MS);
        assert_eq!((next.announced_ms, next.day_ms, allowed), (NOW, NOW + DAY_MS, MAX_A_DAY));
        let used = Plan { deleted: MAX_A_DAY - 3, ..next };
        assert_eq!(advance(Some(used), NOW + DAY_MS + 5), (used, 3));
        assert_eq!(advance(Some(Plan { deleted: MAX_A_DAY, ..next }), NOW + DAY_MS + 5).1, 0);
        assert_eq!(advance(Some(used), NOW + 2 * DAY_MS).1, MAX_A_DAY);
    }

    #[test]
    fn a_clock_that_jumps_announces_anew() {
        let plan = Plan { announced_ms: NOW, day_ms: NOW + DAY_MS, deleted: 7 };
        for jump in [-DAY_MS, 40 * DAY_MS, i64::MAX - NOW] {
            let (after, allowed) = advance(Some(plan), NOW + jump);
            assert_eq!((after.announced_ms, allowed), (NOW + jump, 0), "{jump}");
        }
    }
}
