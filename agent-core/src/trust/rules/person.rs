use chrono::Months;

use super::{About, Profile, Question, Rule, stopping};
use crate::trust::LegalBasis;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "CS-6a",
        title: "an opt-out takes effect at once",
        profiles: &[],
        source: "15 U.S.C. 7704(a)(4); GDPR Art. 21(3); stricter of our own",
        effective: "2004-01-01",
        about: About::Person,
        check: |q| match stopping(&q.past.suppressions, q.class()) {
            Some(s) => Err(format!(
                "suppressed: {} since {}",
                s.reason,
                s.at.date_naive()
            )),
            None => Ok(()),
        },
    },
    Rule {
        id: "CO-1",
        title: "a legal basis stands on record",
        profiles: &[],
        source: "GDPR Art. 6; our own rule everywhere",
        effective: "2018-05-25",
        about: About::Person,
        check: |q| {
            if q.draft.facts.basis.is_some() || q.has_consent() {
                Ok(())
            } else {
                Err("no legal basis is recorded".to_owned())
            }
        },
    },
    Rule {
        id: "TS-1",
        title: "the source's terms allow the use",
        profiles: &[],
        source: "terms of the source, as recorded",
        effective: "2026-01-01",
        about: About::Person,
        check: |q| {
            if q.draft.facts.source_allowed {
                Ok(())
            } else {
                Err(format!(
                    "source `{}` has no current terms record that allows this use",
                    q.draft.facts.source
                ))
            }
        },
    },
    Rule {
        id: "CS-9",
        title: "no harvested and no guessed address",
        profiles: &[Profile::Us],
        source: "15 U.S.C. 7704(b)",
        effective: "2004-01-01",
        about: About::Person,
        check: harvested,
    },
    Rule {
        id: "CS-9",
        title: "no harvested and no guessed address",
        profiles: &[Profile::Eu, Profile::Uk, Profile::De, Profile::Ca],
        source: "stricter of our own: GDPR Art. 5(1)(a), CASL s. 10(9)(b)",
        effective: "2018-05-25",
        about: About::Person,
        check: |q| {
            // In the United States the rule above speaks; where all profiles apply, one is enough.
            if Profile::of(q.draft.facts.country).contains(&Profile::Us) {
                Ok(())
            } else {
                harvested(q)
            }
        },
    },
    Rule {
        id: "EP-4",
        title: "advertising by mail needs prior express consent, also between businesses",
        profiles: &[Profile::De],
        source: "UWG § 7(2) no. 2 and § 7(3); OLG Dresden 4 U 168/24",
        effective: "2021-12-01",
        about: About::Person,
        check: |q| {
            if !q.is_marketing() || q.has_consent() || q.is_customer() {
                Ok(())
            } else {
                Err(
                    "UWG § 7(2) no. 2: no prior express consent, and not an existing customer"
                        .to_owned(),
                )
            }
        },
    },
    Rule {
        id: "EP-1",
        title: "individuals need consent or an existing custom",
        profiles: &[Profile::Uk, Profile::Eu],
        source: "PECR reg. 22; Directive 2002/58/EC Art. 13",
        effective: "2003-12-11",
        about: About::Person,
        check: |q| {
            let individual = q.draft.facts.legal_form.counts_as_individual();
            if !q.is_marketing() || !individual || q.has_consent() || q.is_customer() {
                Ok(())
            } else {
                Err("an individual, sole trader or firm of unknown form without consent or earlier custom".to_owned())
            }
        },
    },
    Rule {
        id: "CA-1",
        title: "express or implied consent before any commercial message",
        profiles: &[Profile::Ca],
        source: "CASL, S.C. 2010, c. 23, s. 6 and s. 10(9), (10), (13)",
        effective: "2014-07-01",
        about: About::Person,
        check: |q| {
            let within = |at: Option<crate::time::Timestamp>, months| {
                at.and_then(|at| at.checked_add_months(Months::new(months)))
                    .is_some_and(|end| q.now <= end)
            };
            let said = match q.draft.facts.basis {
                Some(LegalBasis::Inquiry { at }) => Some(at),
                _ => None,
            };
            let bought = match q.draft.facts.basis {
                Some(LegalBasis::Customer { since }) => Some(since),
                _ => None,
            };
            let implied =
                within(q.past.inquiry.max(said), 6) || within(q.past.customer.max(bought), 24);
            if !q.is_marketing() || q.has_consent() || implied {
                Ok(())
            } else {
                Err("neither express consent nor an inquiry within 6 months nor custom within 2 years".to_owned())
            }
        },
    },
    Rule {
        id: "GD-6",
        title: "legitimate interest needs a recorded assessment of the campaign type",
        profiles: &[],
        source: "GDPR Art. 6(1)(f)",
        effective: "2018-05-25",
        about: About::Person,
        check: |q| match &q.draft.facts.basis {
            Some(LegalBasis::LegitimateInterest { assessment })
                if !q.policy.assessments.contains(assessment) =>
            {
                Err(format!("assessment `{assessment}` is not on record"))
            }
            _ => Ok(()),
        },
    },
];

fn harvested(q: &Question<'_>) -> Result<(), String> {
    let facts = &q.draft.facts;
    if facts.no_solicitation {
        Err("the source forbids harvesting or solicitation".to_owned())
    } else if facts.guessed {
        Err("the address was guessed from a pattern".to_owned())
    } else {
        Ok(())
    }
}
