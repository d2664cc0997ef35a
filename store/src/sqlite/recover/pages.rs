//! The pages of a damaged file as they lie on the disk: with the committed part of the log laid over them, and with what
//! the file itself says about the use of each page. Nothing here trusts a number that it has read.
//!
//! Format: <https://www.sqlite.org/fileformat2.html>, sections 1.3 (header), 1.8 (pointer map), 4 (log).

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::log::committed_pages;
use crate::sqlite::space::log_of;

const MAGIC: &[u8] = b"SQLite format 3\0";

/// The page size of every file that Pointsman makes, for one whose header is gone.
const OUR_PAGE_SIZE: usize = 8_192;

/// Where locks lie: the page that holds this byte is never used.
const LOCK_BYTE: u64 = 1 << 30;

/// What the file says about a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Part of a table or index; below this page, or a root.
    Tree { parent: Option<u32> },
    /// Holds the rest of a long row; the page before it in the chain, or the page of the row.
    Overflow { before: u32 },
    /// Holds nothing that is kept.
    Free,
    /// What it is for cannot be told.
    Unknown,
}

/// A damaged file, opened for reading.
#[derive(Debug)]
pub(super) struct Pages {
    file: File,
    log: Option<File>,
    /// Where the log has a newer version of a page.
    newer: HashMap<u32, u64>,
    page_size: usize,
    /// Bytes of a page that rows may use.
    pub(super) usable: usize,
    /// Pages there are or should be.
    pub(super) count: u32,
    roles: Vec<Role>,
}

/// The log of a file, if there is one. One that is there and cannot be opened holds what the file does not: to go on without it
/// would lose it in silence.
fn log_beside(path: &Path) -> io::Result<Option<File>> {
    let log = log_of(path);
    match File::open(&log) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("its log {}: {error}", log.display()))),
    }
}

impl Pages {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let log = log_beside(path)?;
        let mut header = [0; 100];
        let _ = file.read_exact_at(&mut header, 0);
        let mut page_size = size_in(&header);
        let mut newer = HashMap::new();
        let mut pages_in_log = 0;
        if let Some(log) = &log
            && let Some(found) = committed_pages(log)
        {
            page_size = Some(found.page_size);
            pages_in_log = found.pages_after;
            newer = found.offsets;
        }
        let page_size = page_size.unwrap_or(OUR_PAGE_SIZE);
        let in_file = file.metadata()?.len().div_ceil(page_size as u64);
        let in_file = u32::try_from(in_file).map_err(|_| io::Error::other("it has too many pages"))?;
        let mut pages =
            Self { file, log, newer, page_size, usable: page_size, count: in_file, roles: Vec::new() };

        let first = pages.read(1).filter(|page| page.starts_with(MAGIC));
        if let Some(first) = &first {
            pages.usable = page_size - usize::from(first[20]).min(page_size / 4);
            let promised = number(first, 28).unwrap_or_default();
            // A promise beyond twice what is there is damage itself.
            if promised / 2 <= in_file {
                pages.count = pages.count.max(promised);
            }
        }
        if pages_in_log > 0 {
            pages.count = pages_in_log;
        }
        let has_map = first.as_ref().is_none_or(|first| number(first, 52) != Some(0));
        pages.roles = vec![Role::Unknown; pages.count as usize + 1];
        if has_map {
            pages.read_maps();
        }
        pages.read_free_list(first.as_deref());
        Ok(pages)
    }

    /// A page's bytes; `None` when it is not there or the disk does not give it.
    pub(super) fn read(&self, page: u32) -> Option<Vec<u8>> {
        let mut bytes = vec![0; self.page_size];
        match (self.newer.get(&page), &self.log) {
            (Some(offset), Some(log)) => log.read_exact_at(&mut bytes, *offset).ok()?,
            _ => {
                let offset = u64::from(page.checked_sub(1)?) * self.page_size as u64;
                self.file.read_exact_at(&mut bytes, offset).ok()?;
            }
        }
        Some(bytes)
    }

    pub(super) fn role(&self, page: u32) -> Role {
        self.roles.get(page as usize).copied().unwrap_or(Role::Unknown)
    }

    /// The root of the tree that a page is in, as far as the file tells.
    pub(super) fn root_of(&self, page: u32) -> Option<u32> {
        // No tree is deeper: 20 levels of two children each are a million pages.
        const DEEPEST: usize = 20;
        let mut at = page;
        for _ in 0..DEEPEST {
            match self.role(at) {
                Role::Tree { parent: Some(parent) } => at = parent,
                Role::Tree { parent: None } => return Some(at),
                _ => return None,
            }
        }
        None
    }

    /// Reads the pointer map: every 1,639th page says of those that follow it what they are.
    fn read_maps(&mut self) {
        let covered = u32::try_from(self.usable / 5).unwrap_or(u32::MAX);
        let lock_page = u32::try_from(LOCK_BYTE / self.page_size as u64).unwrap_or(u32::MAX) + 1;
        let mut first = 2_u32;
        while first < self.count {
            let map = if first == lock_page { first + 1 } else { first };
            if let Some(bytes) = self.read(map) {
                let last = (first.saturating_add(covered)).min(self.count);
                let entries: Option<Vec<(u32, Role)>> = (map + 1..=last)
                    .filter(|page| *page != lock_page)
                    .map(|page| Some((page, self.entry(&bytes, 5 * (page - map - 1) as usize)?)))
                    .collect();
                // One entry that cannot be right makes the others doubtful.
                for (page, role) in entries.into_iter().flatten() {
                    self.roles[page as usize] = role;
                }
                self.roles[map as usize] = Role::Free;
            }
            first = first.saturating_add(covered + 1);
        }
        if let Some(first) = self.roles.get_mut(1) {
            *first = Role::Tree { parent: None };
        }
    }

    fn entry(&self, map: &[u8], at: usize) -> Option<Role> {
        let other = number(map, at + 1)?;
        let valid = (1..=self.count).contains(&other);
        match map.get(at)? {
            1 if other == 0 => Some(Role::Tree { parent: None }),
            2 if other == 0 => Some(Role::Free),
            3 | 4 if valid => Some(Role::Overflow { before: other }),
            5 if valid => Some(Role::Tree { parent: Some(other) }),
            _ => None,
        }
    }

    /// Where the map says nothing, the list of free pages still may: rows on them were deleted.
    fn read_free_list(&mut self, header: Option<&[u8]>) {
        let mut trunk = header.and_then(|header| number(header, 32)).unwrap_or_default();
        let mut seen = HashSet::new();
        while (2..=self.count).contains(&trunk) && seen.insert(trunk) {
            if !matches!(self.role(trunk), Role::Free | Role::Unknown) {
                return;
            }
            let Some(bytes) = self.read(trunk) else { return };
            let listed = number(&bytes, 4).unwrap_or(u32::MAX) as usize;
            if listed > self.usable / 4 - 2 {
                return;
            }
            let leaves: Vec<u32> = (0..listed).filter_map(|index| number(&bytes, 8 + 4 * index)).collect();
            if !leaves.iter().all(|page| (2..=self.count).contains(page)) {
                return;
            }
            for page in leaves.into_iter().chain([trunk]) {
                let role = &mut self.roles[page as usize];
                if *role == Role::Unknown {
                    *role = Role::Free;
                }
            }
            trunk = number(&bytes, 0).unwrap_or_default();
        }
    }
}

/// Four bytes, big endian.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

/// The page size that a header names.
fn size_in(header: &[u8]) -> Option<usize> {
    let size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => usize::from(size),
    };
    (header.starts_with(MAGIC) && size.is_power_of_two() && size >= 512).then_some(size)
}
