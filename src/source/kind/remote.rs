//! The rows of what lies behind a network.

use super::{Documents, FORMAT, Holds, Kind, Locates, Setting, Store, setting};

/// What every HTTP client needs to know of the way out, and of whom to believe.
const NETWORK: &[&str] = &[
    "HOME",
    "PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

pub(super) const VAULT_CREDENTIALS: &[&str] = &[
    "VAULT_TOKEN",
    "BAO_TOKEN",
    "VAULT_TOKEN_PATH",
    "BAO_TOKEN_PATH",
    "VAULT_CLIENT_KEY",
    "BAO_CLIENT_KEY",
    "VAULT_SECRET_ID",
    "VAULT_PASSWORD",
    "VAULT_JWT",
    "VAULT_DEV_ROOT_TOKEN_ID",
];

pub(super) const VAULT: Kind = Kind {
    name: "vault",
    locates: Locates::Item,
    documents: Documents::Fields,
    settings: &[
        setting("address", Holds::Text),
        setting("namespace", Holds::Text),
        setting("ca-cert", Holds::File),
        setting("client-cert", Holds::File),
        setting("client-key", Holds::File),
        setting("auth", Holds::Choice(&["token", "approle", "userpass", "jwt", "kubernetes", "cert"])),
        setting("auth-mount", Holds::Text),
        setting("token", Holds::Reference),
        setting("role", Holds::Text),
        setting("role-id", Holds::TextOrReference),
        setting("secret-id", Holds::Reference),
        setting("wrapped-secret-id", Holds::Reference),
        setting("username", Holds::TextOrReference),
        setting("password", Holds::Reference),
        setting("jwt-file", Holds::File),
    ],
    options: &[setting("version", Holds::Version)],
    credentials: &[VAULT_CREDENTIALS],
    store: Some(Store { opens: "vault", env: &[NETWORK, &["VAULT_*", "BAO_*"]] }),
};

const AWS_SETTINGS: &[Setting] = &[
    setting("region", Holds::Text),
    setting("profile", Holds::Text),
    setting("role-arn", Holds::Text),
    setting("external-id", Holds::Text),
    setting("endpoint-url", Holds::Text),
    FORMAT,
];

pub(super) const AWS_CREDENTIALS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CREDENTIAL_FILE",
    "AWS_BEARER_TOKEN_*",
];

pub(super) const AWS: Kind = Kind {
    name: "aws",
    locates: Locates::Item,
    documents: Documents::ByLook,
    settings: AWS_SETTINGS,
    options: &[setting("stage", Holds::Text), setting("version-id", Holds::Text)],
    credentials: &[AWS_CREDENTIALS],
    store: Some(Store { opens: "aws", env: &[NETWORK, &["AWS_*"]] }),
};

pub(super) const SSM: Kind = Kind {
    name: "ssm",
    locates: Locates::Item,
    documents: Documents::ByLook,
    settings: AWS_SETTINGS,
    options: &[],
    credentials: &[AWS_CREDENTIALS],
    store: Some(Store { opens: "aws", env: &[NETWORK, &["AWS_*"]] }),
};

pub(super) const GCP_CREDENTIALS: &[&str] = &[
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "GOOGLE_API_KEY",
    "GOOGLE_CLOUD_KEYFILE_JSON",
    "GOOGLE_APPLICATION_CREDENTIALS_JSON",
    "GOOGLE_GHA_CREDS_PATH",
    "GCLOUD_KEYFILE_JSON",
    "CLOUDSDK_AUTH_*",
];

pub(super) const GCP: Kind = Kind {
    name: "gcp",
    locates: Locates::Item,
    documents: Documents::ByLook,
    settings: &[
        setting("project", Holds::Text),
        setting("credentials", Holds::FileOrReference),
        setting("endpoint", Holds::Text),
        FORMAT,
    ],
    options: &[setting("version", Holds::Version)],
    credentials: &[GCP_CREDENTIALS],
    store: Some(Store {
        opens: "gcp",
        env: &[NETWORK, &["GOOGLE_*", "GCE_METADATA_*", "GCLOUD_*", "CLOUDSDK_*", "NO_GCE_CHECK"]],
    }),
};

pub(super) const AZURE_CREDENTIALS: &[&str] = &[
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "AZURE_CREDENTIALS",
    "AZURE_AUTH_LOCATION",
    "IDENTITY_HEADER",
    "MSI_SECRET",
];

pub(super) const AZURE: Kind = Kind {
    name: "azure",
    locates: Locates::Item,
    documents: Documents::ByLook,
    settings: &[
        setting("vault", Holds::Text),
        setting("tenant-id", Holds::Text),
        setting("client-id", Holds::Text),
        setting("client-secret", Holds::Reference),
        FORMAT,
    ],
    options: &[],
    credentials: &[AZURE_CREDENTIALS],
    store: Some(Store {
        opens: "azure",
        env: &[NETWORK, &["AZURE_*", "IDENTITY_*", "IMDS_ENDPOINT", "MSI_*", "LANG"]],
    }),
};
