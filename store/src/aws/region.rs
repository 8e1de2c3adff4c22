//! Which region: that of an ARN, else the source's, the environment's, the profile's, or that of the machine.

use std::cell::OnceCell;

use aws_config::Region;
use aws_config::imds::{self, region::ImdsRegionProvider};
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use inject::error::{Fault, printable};

use crate::settings::Settings;

/// Where a name without a region is looked for.
pub(super) struct Home {
    found: OnceCell<Option<Region>>,
    imds: imds::Client,
}

impl Home {
    /// What the source says, or the environment, or the profile.
    pub(super) async fn new(
        setting: Option<&str>,
        config: &ProviderConfig,
        profile: &str,
        imds: imds::Client,
    ) -> Result<Self, Fault> {
        let mut said = setting.map(str::to_owned);
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            if said.is_none() {
                said = Settings::env(name)?;
            }
        }
        let said = match said {
            Some(region) => Some(Region::new(region)),
            None => {
                let files = ProfileFileRegionProvider::builder().configure(config).profile_name(profile).build();
                files.region().await
            }
        };
        let found = said.map_or_else(OnceCell::new, |region| OnceCell::from(Some(region)));
        Ok(Self { found, imds })
    }

    /// The region, without asking the machine.
    pub(super) fn said(&self) -> Option<Region> {
        self.found.get().cloned().flatten()
    }

    /// The region; the machine's metadata service is asked at most once.
    pub(super) async fn find(&self) -> Option<Region> {
        if self.found.get().is_none() {
            let imds = ImdsRegionProvider::builder().imds_client(self.imds.clone()).build();
            let region = imds.region().await;
            return self.found.get_or_init(|| region).clone();
        }
        self.said()
    }
}

/// The region of `arn:PARTITION:SERVICE:REGION:ACCOUNT:NAME`.
pub(super) fn of_arn(text: &str) -> Option<&str> {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, _, region, _, _] if !region.is_empty() => Some(region),
        _ => None,
    }
}

/// It becomes a part of host names.
pub(super) fn check(region: &str) -> Result<(), Fault> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !region.is_empty() && region.len() <= 40 && region.chars().all(good) {
        return Ok(());
    }
    Err(Fault::invalid(format!("'{}' is no region", printable(region))))
}
