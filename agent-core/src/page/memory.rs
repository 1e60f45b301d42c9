use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::{FetchRequest, Page, PageFetcher, PageUrl};
use crate::error::{PortError, PortErrorKind};

/// Pages from memory, and a log of what was asked for.
///
/// An address that was never put in is [`PortErrorKind::NotFound`]; one that was
/// forbidden is [`PortErrorKind::PermissionDenied`].
#[derive(Debug, Default)]
pub struct MemoryFetcher {
    pages: BTreeMap<PageUrl, Option<Page>>,
    asked: Mutex<Vec<FetchRequest>>,
}

impl MemoryFetcher {
    /// A web without pages.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a page at the address it was requested under.
    #[must_use]
    pub fn with_page(mut self, page: Page) -> Self {
        let url = page.snapshot().requested().clone();
        self.pages.insert(url, Some(page));
        self
    }

    /// Adds an address that the rules forbid.
    #[must_use]
    pub fn with_forbidden(mut self, url: PageUrl) -> Self {
        self.pages.insert(url, None);
        self
    }

    /// What was asked for so far, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<FetchRequest> {
        match self.asked.lock() {
            Ok(asked) => asked.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }
}

#[async_trait]
impl PageFetcher for MemoryFetcher {
    async fn fetch(&self, request: FetchRequest) -> Result<Page, PortError> {
        let found = match self.pages.get(request.url()) {
            Some(Some(page)) => Ok(page.clone()),
            Some(None) => Err(PortErrorKind::PermissionDenied),
            None => Err(PortErrorKind::NotFound),
        };
        match self.asked.lock() {
            Ok(mut asked) => asked.push(request),
            Err(poisoned) => poisoned.into_inner().push(request),
        }
        found.map_err(|kind| PortError::new("fetch page", kind))
    }
}
