//! What Typst can see: the template, five fonts and the files of one job. Nothing else exists.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};

const TEMPLATE: &str = include_str!("letter.typ");

/// The fonts that the template uses, out of the seventeen that come with Typst.
const FAMILIES: [&str; 2] = ["Libertinus Serif", "DejaVu Sans Mono"];

/// What all jobs share.
pub(super) struct Shelf {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    template: Source,
}

impl Shelf {
    pub(super) fn new() -> Self {
        let fonts: Vec<_> = typst_assets::fonts()
            .filter(|data| is_ours(data))
            .flat_map(|data| Font::iter(Bytes::new(data)))
            .filter(|font| FAMILIES.contains(&font.info().family.as_str()))
            .collect();
        let main = VirtualPath::new("letter.typ")
            .map(|path| RootedPath::new(VirtualRoot::Project, path).intern());
        Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            template: main.map_or_else(
                |_| Source::detached(TEMPLATE),
                |main| Source::new(main, TEMPLATE.to_owned()),
            ),
        }
    }
}

/// Whether the file holds a font of ours. Reading the tables of a font takes long without
/// optimisation, so the large ones are told apart by their size.
fn is_ours(data: &[u8]) -> bool {
    data.len() < 400_000
}

/// One document being made.
pub(super) struct Job<'a> {
    shelf: &'a Shelf,
    data: Bytes,
    pictures: Vec<Bytes>,
}

impl<'a> Job<'a> {
    /// `data` becomes `document.json`, the pictures `chart-0.svg` and so on.
    pub(super) fn new(
        shelf: &'a Shelf,
        data: String,
        pictures: impl Iterator<Item = String>,
    ) -> Self {
        Self {
            shelf,
            data: Bytes::from_string(data),
            pictures: pictures.map(Bytes::from_string).collect(),
        }
    }
}

impl World for Job<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.shelf.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.shelf.book
    }

    fn main(&self) -> FileId {
        self.shelf.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main() {
            Ok(self.shelf.template.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let path = id.vpath().get_without_slash();
        if path == "document.json" {
            return Ok(self.data.clone());
        }
        path.strip_prefix("chart-")
            .and_then(|rest| rest.strip_suffix(".svg"))
            .and_then(|number| number.parse::<usize>().ok())
            .and_then(|number| self.pictures.get(number).cloned())
            .ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shelf.fonts.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
