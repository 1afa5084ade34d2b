use std::collections::BTreeMap;
use std::path::PathBuf;

use model::{LakeFile, ViewManifest};
use proptest::prelude::*;

use super::write::Packer;
use super::*;

/// What an index holds, as a map.
type Naive = BTreeMap<u32, Vec<u64>>;

/// Writes the file of a run with these times and keys.
fn file(folder: &std::path::Path, first: u64, times: &[Option<i64>], keys: &Naive) -> PathBuf {
    let path = folder.join(format!("{first}.lookup"));
    let mut out = Vec::new();
    let mut packer = Packer::begin(first, times, &mut out).unwrap();
    for (key, leaves) in keys {
        packer.value(*key, leaves).unwrap();
    }
    packer.end().unwrap();
    std::fs::write(&path, out).unwrap();
    path
}

/// Times and keys of a run.
fn content() -> impl Strategy<Value = (Vec<Option<i64>>, Naive)> {
    let time = prop_oneof![Just(None), (-5i64..5).prop_map(|n| Some(n * 1_000_000)), any::<i64>().prop_map(Some)];
    let few = prop::collection::vec(any::<u32>(), 1..40);
    (prop::collection::vec(time, 1..200), few).prop_flat_map(|(times, keys)| {
        let leaves = prop::collection::btree_set(0..times.len() as u64, 1..times.len().max(2));
        let values = prop::collection::vec(leaves, keys.len());
        (Just(times), Just(keys), values).prop_map(|(times, keys, values)| {
            let values = values.into_iter().map(|leaves| leaves.into_iter().collect());
            (times, keys.into_iter().zip(values).collect())
        })
    })
}

proptest! {
    #[test]
    fn a_run_finds_what_went_in((times, keys) in content(), first in 0u64..1 << 40) {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::open(&file(folder.path(), first, &times, &keys)).unwrap();
        prop_assert_eq!((run.first(), run.leaves()), (first, times.len() as u64));
        for (key, leaves) in &keys {
            let found: Vec<u64> = leaves.iter().map(|leaf| first + leaf).collect();
            prop_assert_eq!(run.find(*key).unwrap(), found);
            prop_assert!(keys.contains_key(&(key ^ 1)) || run.find(key ^ 1).unwrap().is_empty());
        }
        let all: Vec<u64> = (first..first + times.len() as u64).collect();
        for some in all.chunks(7) {
            let expected = &times[(some[0] - first) as usize..][..some.len()];
            prop_assert_eq!(run.times(some).unwrap(), expected, "one by one");
        }
        prop_assert_eq!(run.times(&all).unwrap(), times.clone(), "all at once");
        let known = || times.iter().flatten().copied();
        prop_assert_eq!(run.span(), (known().min().unwrap_or(i64::MAX), known().max().unwrap_or(i64::MIN)));
    }

    #[test]
    fn runs_merged_find_what_they_found((left, right) in (content(), content())) {
        let folder = tempfile::tempdir().unwrap();
        let shift = left.0.len() as u64;
        let paths = [file(folder.path(), 5, &left.0, &left.1), file(folder.path(), 5 + shift, &right.0, &right.1)];
        let mut times = left.0;
        times.extend(right.0);
        let mut keys = left.1;
        for (key, leaves) in right.1 {
            keys.entry(key).or_default().extend(leaves.iter().map(|leaf| leaf + shift));
        }
        let mut out = Vec::new();
        let events = merged(&paths, &mut out).unwrap();
        prop_assert_eq!(events, times.iter().flatten().count() as u64);
        prop_assert_eq!(out, std::fs::read(file(folder.path(), 5, &times, &keys)).unwrap());
    }
}

#[test]
fn a_key_of_more_leaves_than_a_block_holds_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let times: Vec<_> = (0..70_000).map(Some).collect();
    let keys = Naive::from([(1, vec![0]), (7, (0..70_000).collect()), (8, vec![69_999])]);
    let run = Run::open(&file(folder.path(), 0, &times, &keys)).unwrap();
    assert!(run.blocks() > 1);
    for (key, leaves) in keys {
        assert_eq!(run.find(key).unwrap(), leaves);
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_changes_nothing_that_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let keys: Naive = (0..300u32).map(|n| (n.wrapping_mul(2_654_435_761), vec![u64::from(n) % 50])).collect();
    let path = file(folder.path(), 0, &[Some(1); 50], &keys);
    let whole = std::fs::read(&path).unwrap();
    let mut refused = 0;
    for at in (0..whole.len()).step_by(3) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&path, bytes).unwrap();
        let run = Run::open(&path);
        let told = run.and_then(|run| {
            let found = keys.keys().map(|key| run.find(*key)).collect::<Result<Vec<_>, _>>()?;
            let all: Vec<u64> = (0..50).collect();
            let told = run.grouped(all.clone());
            let stretches = run.stretches(&told)?.map(|(stretch, place)| (stretch.earliest, stretch.latest, place));
            Ok((found, run.times(&all)?, stretches.collect::<Vec<_>>()))
        });
        match told {
            Ok((found, times, stretches)) => {
                assert!(found.iter().zip(keys.values()).all(|(found, leaves)| found == leaves), "byte {at}");
                assert_eq!((times, stretches), (vec![Some(1); 50], vec![(1, 1, 0..50)]), "byte {at}");
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > whole.len() / 6, "{refused} of {}", whole.len());
    for length in [0, 8, FOOTER_BYTES - 1, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(Run::open(&path).is_err(), "cut to {length}");
    }
}

/// Of a long run the leaves asked about fall into stretches, each within its bounds; stretches in which nothing is
/// found are left out. The last leaf and neighbours at the edge of a stretch included.
#[test]
fn leaves_of_a_long_run_lie_within_the_bounds_of_their_stretch() {
    let folder = tempfile::tempdir().unwrap();
    let first = 65_536;
    let time = |n: u64| {
        let found = n % 11 != 3 && n / STRETCH_LEAVES != 5;
        found.then(|| 1_795_168_800_000_000_000 + (n as i64 * 7_919_003 % 86_400_000_000) * 1_000)
    };
    let times: Vec<Option<i64>> = (0..100_000).map(time).collect();
    let run = Run::open(&file(folder.path(), first, &times, &Naive::from([(7, vec![0])]))).unwrap();
    let ask = |leaves: Vec<u64>, stretches: usize| {
        let expected: Vec<_> = leaves.iter().map(|leaf| time(leaf - first)).collect();
        assert_eq!(run.times(&leaves).unwrap(), expected);
        let mut found = 0;
        let told = run.grouped(leaves);
        let groups: Vec<_> = run.stretches(&told).unwrap().collect();
        assert_eq!(groups.len(), stretches);
        for (stretch, place) in groups {
            for time in expected[place].iter().flatten() {
                assert!((stretch.earliest..=stretch.latest).contains(time));
                found += 1;
            }
        }
        assert_eq!(found, expected.iter().flatten().count());
    };
    ask(vec![first], 1);
    ask(vec![first + 99_999], 1);
    ask(vec![first + 1_023, first + 1_024], 2);
    ask((5 * 1_024..5 * 1_024 + 9).map(|n| first + n).collect(), 0);
    ask((0..350).map(|n| first + n * 285).collect(), 97);
    ask((first..first + 100_000).collect(), 97);
}

fn announced(merging: &mut Merging, first: u64, last: u64) {
    let name = format!("{first}-{last}.0123456789abcdef.1.lookup");
    let file = LakeFile { name, sha256: String::new(), bytes: 0, rows: 0 };
    let normaliser = "0123456789abcdef".to_owned();
    merging.note(&ViewManifest { first, last, normaliser, files: vec![file], rebuild: false });
}

#[test]
fn runs_of_like_size_are_merged_once_and_files_stay_few() {
    let (mut merging, mut written) = (Merging::default(), 0_u64);
    for number in 0..5_000u64 {
        announced(&mut merging, number * 100, number * 100 + 99);
        while let Some(due) = merging.due() {
            assert!(merging.due().is_none(), "one merge at a time");
            assert_eq!(due.names.len(), 8);
            written += due.last - due.first + 1;
            announced(&mut merging, due.first, due.last);
        }
        assert!(merging.runs.len() <= 36, "{} files after {number}", merging.runs.len());
    }
    assert!(written <= 5 * 500_000, "each leaf is written again {} times", written as f64 / 500_000.0);
}

#[test]
fn a_gap_between_runs_is_not_merged_over() {
    let mut merging = Merging::default();
    (0..40u64).filter(|number| number % 8 != 7).for_each(|n| announced(&mut merging, n * 100, n * 100 + 99));
    assert!(merging.due().is_none());
}
