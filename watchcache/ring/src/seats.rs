//! Who is parked on a bucket, or on the whole ring: a table of seats that a publish goes through without a lock.
//! Those who sit down or leave take a lock among themselves. It does not decide who is woken.

use crate::parked::Parked;
use crate::sync::{Arc, AtomicUsize, Mutex, Ordering, SwapOption, lock};

/// Places that may stay empty beyond twice the seats taken before the table is made anew.
const SPARE_PLACES: usize = 8;

/// A parked watcher. Its cursor and the table hold it.
pub(crate) struct Seat<W> {
    pub(crate) handle: W,
    /// Where it is in the present table; changed under the lock of the book.
    place: AtomicUsize,
}

pub(crate) struct Seats<W> {
    /// None while nobody is parked, which is the case for most buckets.
    table: SwapOption<Table<W>>,
    book: Mutex<Book>,
}

struct Table<W> {
    /// Places from here on were never taken.
    used: AtomicUsize,
    places: Box<[SwapOption<Seat<W>>]>,
}

/// What only those who sit down and leave look at.
struct Book {
    taken: usize,
    free: Vec<usize>,
}

impl<W> Seats<W> {
    pub(crate) fn new() -> Seats<W> {
        Seats {
            table: SwapOption::new(None),
            book: Mutex::new(Book {
                taken: 0,
                free: Vec::new(),
            }),
        }
    }

    /// Takes a place. A walk through the seats that begins after this has been made visible meets it.
    pub(crate) fn sit(&self, handle: W) -> Arc<Seat<W>> {
        let seat = Arc::new(Seat {
            handle,
            place: AtomicUsize::new(0),
        });
        let mut book = lock(&self.book);
        let table = self.table_with_room(&mut book);
        let used = table.used.load(Ordering::Relaxed);
        let place = book.free.pop().unwrap_or(used);
        seat.place.store(place, Ordering::Relaxed);
        table.places[place].store(Some(seat.clone()));
        table.used.store(used.max(place + 1), Ordering::Release);
        book.taken += 1;
        seat
    }

    pub(crate) fn leave(&self, seat: &Seat<W>) {
        let mut book = lock(&self.book);
        let Some(table) = self.table.full() else { return };
        let place = seat.place.load(Ordering::Relaxed);
        table.places[place].store(None);
        book.free.push(place);
        book.taken -= 1;
        if book.taken == 0 {
            book.free = Vec::new();
            self.table.store(None);
        } else if table.used.load(Ordering::Relaxed) > 2 * book.taken + SPARE_PLACES {
            let places = table.places.len().min(2 * book.taken);
            self.rebuild(&mut book, Some(&table), places);
        }
    }

    /// Everyone who is seated; who sits down or leaves meanwhile may be met or not. Takes no lock.
    pub(crate) fn each(&self, mut meet: impl FnMut(&Arc<Seat<W>>)) {
        self.table.with(|table| {
            let Some(table) = table else { return };
            let used = table.used.load(Ordering::Acquire);
            for place in &table.places[..used] {
                place.with(|seat| seat.into_iter().for_each(&mut meet));
            }
        });
    }

    /// Marks everyone who is seated; those who are to be woken are added to `marked`.
    pub(crate) fn mark(&self, marked: &mut Vec<Arc<Seat<W>>>)
    where
        W: Parked,
    {
        self.each(|seat| {
            if seat.handle.mark() {
                marked.push(seat.clone());
            }
        });
    }

    fn table_with_room(&self, book: &mut Book) -> Arc<Table<W>> {
        let table = self.table.full();
        match table {
            Some(table)
                if !book.free.is_empty() || table.used.load(Ordering::Relaxed) < table.places.len() =>
            {
                table
            }
            table => self.rebuild(book, table.as_deref(), (2 * book.taken).max(1)),
        }
    }

    /// Moves all who are seated to a table of their number, which keeps a walk as short as what it finds. A walk
    /// through the old table still meets them: they are not taken out of it.
    fn rebuild(&self, book: &mut Book, old: Option<&Table<W>>, places: usize) -> Arc<Table<W>> {
        let seated = old
            .into_iter()
            .flat_map(|table| &table.places)
            .filter_map(SwapOption::full);
        let mut taken: Vec<_> = seated.map(Some).collect();
        let used = taken.len();
        taken.resize(places.max(used), None);
        for (place, seat) in taken.iter().enumerate() {
            seat.iter()
                .for_each(|seat| seat.place.store(place, Ordering::Relaxed));
        }
        let table = Arc::new(Table {
            used: AtomicUsize::new(used),
            places: taken.into_iter().map(SwapOption::new).collect(),
        });
        book.free = Vec::new();
        self.table.store(Some(table.clone()));
        table
    }
}
