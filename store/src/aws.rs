//! Kind `aws`: AWS Secrets Manager and, as `ssm`, Systems Manager Parameter Store.

use inject::error::Fault;
use inject::source::Source;

use crate::settings::Settings;

/// Opens it.
pub(crate) fn open(_settings: Settings) -> Result<Box<dyn Source>, Fault> {
    Err(Fault::unreachable("not there yet"))
}
