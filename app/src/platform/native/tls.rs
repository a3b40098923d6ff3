//! The provider of TLS: reqwest is built without one.

/// Makes ring the provider of all TLS connections of this process; call before the first.
pub fn choose() {
    // It fails only if a provider was chosen before, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
