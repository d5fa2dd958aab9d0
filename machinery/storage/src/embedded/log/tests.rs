use super::*;
use std::os::unix::fs::FileExt;

fn write(log: &mut Log, body: &[u8]) {
    let mut frame = Frame::default();
    frame.body().extend_from_slice(body);
    log.append(&mut frame).expect("append");
}

fn read(folder: &Path, checkpointed: u64) -> Result<(Log, Vec<Vec<u8>>), Error> {
    let mut seen = Vec::new();
    let log = Log::open(folder, checkpointed, |body| {
        seen.push(body.to_vec());
        Ok(())
    })?;
    Ok((log, seen))
}

fn only_segment(folder: &Path) -> PathBuf {
    list(folder).expect("list").pop().expect("a segment").1
}

/// Offset and length of each of the segment's frames with bodies of these lengths.
fn offsets(bodies: &[&[u8]]) -> Vec<u64> {
    let mut at = 32;
    let mut all = Vec::new();
    for body in bodies {
        all.push(at);
        at += (frame::HEADER_BYTES as u64 + body.len() as u64).next_multiple_of(8);
    }
    all
}

#[test]
fn frames_are_read_back_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut log, seen) = read(folder.path(), 0).expect("open");
    assert!(seen.is_empty());
    write(&mut log, b"one");
    log.rotate().expect("rotate");
    write(&mut log, b"two");
    drop(log);
    let (mut log, seen) = read(folder.path(), 0).expect("open");
    assert_eq!(seen, [b"one".to_vec(), b"two".to_vec()]);
    write(&mut log, b"three");
    assert_eq!(log.last_sequence(), 3);
    drop(log);
    assert_eq!(read(folder.path(), 1).expect("open").1, [b"two".to_vec(), b"three".to_vec()]);
}

#[test]
fn a_torn_last_frame_is_cut_at_every_length() {
    let bodies: [&[u8]; 2] = [b"first", b"second, a little longer"];
    let at = offsets(&bodies)[1];
    for kept in 0..(frame::HEADER_BYTES + bodies[1].len()) as u64 {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut log, _) = read(folder.path(), 0).expect("open");
        bodies.iter().for_each(|body| write(&mut log, body));
        drop(log);
        let file = fs::OpenOptions::new().write(true).open(only_segment(folder.path())).expect("open");
        file.write_all_at(&[0; 64], at + kept).expect("tear");
        let (mut log, seen) = read(folder.path(), 0).expect("a torn tail opens");
        assert_eq!(seen, [b"first".to_vec()], "kept {kept}");
        write(&mut log, b"next");
        drop(log);
        assert_eq!(read(folder.path(), 0).expect("open").1, [b"first".to_vec(), b"next".to_vec()], "kept {kept}");
    }
}

#[test]
fn a_broken_frame_with_a_good_one_behind_it_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut log, _) = read(folder.path(), 0).expect("open");
    let bodies: [&[u8]; 2] = [b"first", b"second"];
    bodies.iter().for_each(|body| write(&mut log, body));
    drop(log);
    let file = fs::OpenOptions::new().write(true).open(only_segment(folder.path())).expect("open");
    file.write_all_at(b"X", offsets(&bodies)[0] + frame::HEADER_BYTES as u64).expect("damage");
    let error = read(folder.path(), 0).err().expect("refused");
    assert!(error.to_string().contains("damaged"), "{error}");
}

#[test]
fn a_missing_segment_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut log, _) = read(folder.path(), 0).expect("open");
    write(&mut log, b"one");
    log.rotate().expect("rotate");
    write(&mut log, b"two");
    drop(log);
    fs::remove_file(&list(folder.path()).expect("list")[0].1).expect("remove");
    assert!(read(folder.path(), 0).is_err());
    assert_eq!(read(folder.path(), 1).expect("a checkpoint covers it").1, [b"two".to_vec()]);
}

#[test]
fn a_segment_whose_creation_was_interrupted_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut log, _) = read(folder.path(), 0).expect("open");
    write(&mut log, b"one");
    drop(log);
    fs::write(folder.path().join(format!("{:020}.log", 2)), b"SHPD").expect("write");
    let (mut log, seen) = read(folder.path(), 0).expect("open");
    assert_eq!(seen, [b"one".to_vec()]);
    write(&mut log, b"two");
    drop(log);
    assert_eq!(read(folder.path(), 0).expect("open").1.len(), 2);
}

#[test]
fn a_frame_larger_than_the_room_left_lengthens_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut log, _) = read(folder.path(), 0).expect("open");
    let large = vec![7; 3 * 1024 * 1024];
    write(&mut log, &large);
    write(&mut log, b"small");
    drop(log);
    assert_eq!(read(folder.path(), 0).expect("open").1, [large, b"small".to_vec()]);
}
