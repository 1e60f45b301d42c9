//! A lead to a paid invoice, in memory, without network and keys.

use dealwright_core::{
    process::{Actor, EffectClass},
    trust::ApprovalMode,
};
use dealwright_runtime::{Agency, Business};
use dealwright_simulation::{
    FakeMailProvider, FakePaymentProvider, SeededRng, SequentialDriver, SimClients, SyntheticSites,
    VirtualClock, funnel, market, processes, start,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    futures::executor::block_on(async {
        let (clock, rng) = (VirtualClock::new(start()), SeededRng::new(1));
        let mut business = Business::starter()?;
        business.law.approval = ApprovalMode::Autonomous;
        let agency = Agency::builder(business)
            .messenger(FakeMailProvider::new(EffectClass::Idempotent))
            .gateway(FakePaymentProvider::new(EffectClass::Idempotent))
            .fetcher(SyntheticSites::new(rng, clock.clone()))
            .build()?;
        for (lead, record, at) in market(rng, 20, 30) {
            agency.intake(&Actor::System, lead, record, at).await?;
        }
        let mut people = SimClients::new(agency.clone(), rng);
        let mut driver = SequentialDriver::new(agency.host().clone(), clock);
        let end = start() + chrono::Duration::days(60);
        driver.run_until(end, &mut people).await?;
        let keys = processes(agency.host()).await?;
        println!("{:#?}", funnel(agency.host(), &keys).await?);
        Ok(())
    })
}
