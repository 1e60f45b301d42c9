use std::fmt;

use super::Role::{
    self, Auditor, Bookkeeper, Manager, Owner, Producer, Researcher, Reviewer, Seller,
};
use crate::process::Actor;

/// Something that can be done to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Tell a process what another process, its own effect or a timer came to.
    Progress,
    /// Ask a gate or the market for leave.
    Propose,
    /// Bring news from outside: an answer, a bounce, an opt-out, a payment.
    Hear,
    /// Sign a contract, or record a signature on paper.
    Sign,
    /// Take a record or a signal in.
    TakeIn,
    /// Set a field of a lead over what any source says.
    CorrectLead,
    /// Have a lead judged again by the criteria.
    JudgeAgain,
    /// Judge a lead otherwise than the criteria do.
    OverruleLead,
    /// Let one letter go.
    ApproveLetter,
    /// Keep one letter from going.
    RefuseLetter,
    /// Let one charge go.
    ApproveCharge,
    /// Write to a company, domain or list no more.
    Suppress,
    /// Stop all sending.
    StopSending,
    /// Begin sending again.
    ResumeSending,
    /// End a deal.
    StopDeal,
    /// Do a task, and say what came of it.
    DoTask,
    /// Hand a project something that was missing.
    GiveInput,
    /// Have a plan made again, or take what needs a person off the list.
    Plan,
    /// Judge a deliverable.
    Review,
    /// Record that a client accepted a milestone.
    AcceptMilestone,
    /// End a project.
    StopProject,
    /// Say what became of an effect that nobody knows the outcome of.
    Reconcile,
    /// See a case without the persons and the money in it.
    ReadCase,
    /// See persons: names, addresses, letters.
    ReadPersons,
    /// See prices, margins, invoices and payments.
    ReadMoney,
    /// Check the log against its chains.
    VerifyAudit,
    /// Hand a person everything that is kept of them.
    ExportSubject,
    /// Erase what is kept of a person.
    EraseSubject,
    /// An action of a process that is not of this family. [`Staff`](super::Staff) leaves it to
    /// the library itself; an [`Authorizer`](super::Authorizer) of your own may say more.
    Other(&'static str),
}

/// Who may do an [`Action`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allowed {
    /// The library itself.
    pub system: bool,
    /// The AI agent.
    pub agent: bool,
    /// Somebody outside, through a channel.
    pub outside: bool,
    /// The people who have one of these roles.
    pub roles: &'static [Role],
}

/// Nobody: where every row of the table begins.
const NOBODY: Allowed = Allowed {
    system: false,
    agent: false,
    outside: false,
    roles: &[],
};

impl Action {
    /// All but [`Other`](Self::Other), in order.
    pub const ALL: [Self; 28] = [
        Self::Progress,
        Self::Propose,
        Self::Hear,
        Self::Sign,
        Self::TakeIn,
        Self::CorrectLead,
        Self::JudgeAgain,
        Self::OverruleLead,
        Self::ApproveLetter,
        Self::RefuseLetter,
        Self::ApproveCharge,
        Self::Suppress,
        Self::StopSending,
        Self::ResumeSending,
        Self::StopDeal,
        Self::DoTask,
        Self::GiveInput,
        Self::Plan,
        Self::Review,
        Self::AcceptMilestone,
        Self::StopProject,
        Self::Reconcile,
        Self::ReadCase,
        Self::ReadPersons,
        Self::ReadMoney,
        Self::VerifyAudit,
        Self::ExportSubject,
        Self::EraseSubject,
    ];

    /// The table: who may do it. The agent asks and brings; it approves, judges, stops and
    /// releases nothing.
    #[must_use]
    pub const fn allowed(self) -> Allowed {
        match self {
            Self::Progress | Self::Other(_) => Allowed {
                system: true,
                ..NOBODY
            },
            Self::Propose => Allowed {
                system: true,
                agent: true,
                ..NOBODY
            },
            Self::Hear => Allowed {
                system: true,
                outside: true,
                ..NOBODY
            },
            Self::Sign => Allowed {
                outside: true,
                ..people(&[Owner, Manager, Seller])
            },
            Self::TakeIn => Allowed {
                system: true,
                agent: true,
                ..people(&[Owner, Manager, Researcher])
            },
            Self::JudgeAgain => Allowed {
                system: true,
                ..people(&[Owner, Manager, Researcher])
            },
            Self::Reconcile => Allowed {
                system: true,
                ..people(&[Owner, Manager])
            },
            Self::CorrectLead => people(&[Owner, Manager, Researcher, Seller]),
            Self::OverruleLead => people(&[Owner, Manager, Researcher]),
            Self::ApproveLetter | Self::RefuseLetter | Self::StopDeal | Self::AcceptMilestone => {
                people(&[Owner, Manager, Seller])
            }
            Self::ApproveCharge => people(&[Owner, Manager, Bookkeeper]),
            Self::Suppress => people(&[Owner, Manager, Researcher, Seller]),
            Self::StopSending => people(&[
                Owner, Manager, Researcher, Seller, Producer, Reviewer, Bookkeeper,
            ]),
            Self::ResumeSending | Self::StopProject | Self::ExportSubject | Self::EraseSubject => {
                people(&[Owner, Manager])
            }
            Self::DoTask => people(&[Owner, Manager, Producer]),
            Self::GiveInput => people(&[Owner, Manager, Seller, Producer]),
            Self::Plan => people(&[Owner, Manager, Producer]),
            Self::Review => people(&[Owner, Manager, Reviewer]),
            Self::ReadCase => people(&Role::ALL),
            Self::ReadPersons => people(&[Owner, Manager, Researcher, Seller]),
            Self::ReadMoney => people(&[Owner, Manager, Seller, Bookkeeper, Auditor]),
            Self::VerifyAudit => people(&[Owner, Manager, Auditor]),
        }
    }

    /// The name it has in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Progress => "tell what work came to",
            Self::Propose => "ask a gate for leave",
            Self::Hear => "bring news from outside",
            Self::Sign => "sign a contract",
            Self::TakeIn => "take a record in",
            Self::CorrectLead => "correct a lead",
            Self::JudgeAgain => "have a lead judged again",
            Self::OverruleLead => "overrule a lead's verdict",
            Self::ApproveLetter => "approve a letter",
            Self::RefuseLetter => "refuse a letter",
            Self::ApproveCharge => "approve a charge",
            Self::Suppress => "suppress a company, domain or list",
            Self::StopSending => "stop sending",
            Self::ResumeSending => "resume sending",
            Self::StopDeal => "stop a deal",
            Self::DoTask => "do a task",
            Self::GiveInput => "hand a project its input",
            Self::Plan => "plan a project again",
            Self::Review => "review a deliverable",
            Self::AcceptMilestone => "record an acceptance",
            Self::StopProject => "stop a project",
            Self::Reconcile => "reconcile an unknown effect",
            Self::ReadCase => "see a case",
            Self::ReadPersons => "see persons",
            Self::ReadMoney => "see money",
            Self::VerifyAudit => "verify the audit log",
            Self::ExportSubject => "export a person's data",
            Self::EraseSubject => "erase a person's data",
            Self::Other(name) => name,
        }
    }
}

const fn people(roles: &'static [Role]) -> Allowed {
    Allowed { roles, ..NOBODY }
}

impl Allowed {
    /// Whether somebody who is not a person of the agency may do it. Answers `None` for people:
    /// they have roles.
    pub(super) fn principal(self, actor: &Actor) -> Option<bool> {
        match actor {
            Actor::System => Some(self.system),
            Actor::Agent => Some(self.agent),
            Actor::Outside(_) => Some(self.outside),
            Actor::Person(_) => None,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
