//! Entry point of the phone app. In the browser one module plays two roles: the page, and the store's worker.

fn main() {
    #[cfg(target_family = "wasm")]
    {
        console_error_panic_hook::set_once();
        if lianxin_app::platform::web::in_worker() {
            return lianxin_app::store::run_worker();
        }
    }
    lianxin_app::ui::launch();
}
