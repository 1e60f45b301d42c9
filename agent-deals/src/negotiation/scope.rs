use std::collections::BTreeSet;

use dealwright_core::knowledge::{Service, Slug};

use super::Move;
use super::respond::{Negotiation, Standing};
use crate::pricing::QuoteRequest;

/// A change of scope that may be traded.
pub(super) struct Scope {
    pub(super) moves: Vec<Move>,
    pub(super) request: QuoteRequest,
}

impl Negotiation<'_> {
    /// The ways to make the work smaller: each option out, all out, each driver to three
    /// quarters, half and its least, each service out where several are asked for.
    pub(super) fn scopes(&self, standing: &Standing) -> Vec<Scope> {
        let request = standing.quote.request();
        let mut scopes = Vec::new();
        let mut change = |moves: Vec<Move>, edit: &dyn Fn(&mut QuoteRequest)| {
            let mut request = request.clone();
            edit(&mut request);
            scopes.push(Scope { moves, request });
        };
        let mut all_options = Vec::new();
        for item in standing.quote.items() {
            let service = &item.service;
            for option in &item.options {
                let out = Move::DropOption {
                    service: service.clone(),
                    option: option.clone(),
                };
                all_options.push(out.clone());
                change(vec![out], &|r| drop_option(r, service, option));
            }
            let template = self.catalogue().service(service);
            for (driver, from) in &item.drivers {
                for to in smaller_values(template, driver, *from) {
                    let moved = Move::Driver {
                        service: service.clone(),
                        driver: driver.clone(),
                        from: *from,
                        to,
                    };
                    change(vec![moved], &|r| set_driver(r, service, driver, to));
                }
            }
            if request.items.len() > 1 {
                let out = Move::DropService {
                    service: service.clone(),
                };
                change(vec![out], &|r| drop_service(r, service));
            }
        }
        if all_options.len() > 1 {
            change(all_options, &|r| {
                r.items.iter_mut().for_each(|item| item.options.clear());
            });
        }
        scopes
    }
}

fn smaller_values(template: Option<&Service>, driver: &Slug, from: i64) -> BTreeSet<i64> {
    let least = template
        .and_then(|s| s.driver(driver))
        .map_or(from, |d| d.min);
    [from * 3 / 4, from / 2, least]
        .into_iter()
        .map(|to| to.max(least))
        .filter(|to| *to < from)
        .collect()
}

pub(super) fn drop_option(request: &mut QuoteRequest, service: &Slug, option: &Slug) {
    if let Some(item) = request.item_mut(service) {
        item.options.remove(option);
    }
}

pub(super) fn set_driver(request: &mut QuoteRequest, service: &Slug, driver: &Slug, to: i64) {
    if let Some(item) = request.item_mut(service) {
        item.drivers.insert(driver.clone(), to);
    }
}

/// Takes a service out, with the package that needs it; its requirements stay listed, so that
/// the offer says they are not answered.
pub(super) fn drop_service(request: &mut QuoteRequest, service: &Slug) {
    request.items.retain(|item| item.service != *service);
    request.package = None;
}
