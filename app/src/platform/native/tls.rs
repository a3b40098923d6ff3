//! TLS on Android, where no provider is built in.

/// Makes ring the provider of all TLS connections of this process; call once, before the first.
pub fn choose() {
    // It fails only if a provider was chosen before, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
