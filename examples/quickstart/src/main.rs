//! A lead to a paid invoice, in memory, without network and keys.

use dealwright_core::{process::EffectClass, trust::ApprovalMode};
use dealwright_runtime::{Agency, Business};
use dealwright_simulation::{
    FakeMailProvider, FakePaymentProvider, SeededRng, SequentialDriver, SimClients, VirtualClock,
    funnel, market, processes, start,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    futures::executor::block_on(async {
        let mut business = Business::starter()?;
        business.law.approval = ApprovalMode::Autonomous;
        let agency = Agency::builder(business)
            .messenger(FakeMailProvider::new(EffectClass::Idempotent))
            .gateway(FakePaymentProvider::new(EffectClass::Idempotent))
            .build()?;
        let rng = SeededRng::new(1);
        for (lead, record, at) in market(rng, 20, 30) {
            agency.intake(lead, record, at).await?;
        }
        let mut people = SimClients::new(agency.clone(), rng);
        let mut driver = SequentialDriver::new(agency.host().clone(), VirtualClock::new(start()));
        let end = start() + chrono::Duration::days(60);
        driver.run_until(end, &mut people).await?;
        let keys = processes(agency.host()).await?;
        println!("{:?}", funnel(agency.host(), &keys).await?);
        Ok(())
    })
}
