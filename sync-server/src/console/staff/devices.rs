//! The table of phones.

use super::PATH;
use crate::{auth::DeviceInfo, console::overview::last_sync, export::words};
use maud::{Markup, html};

/// Phones with their last sync, and a way to shut each out.
pub(super) fn devices_table(devices: &[DeviceInfo], now_ms: i64) -> Markup {
    html! {
        div.scroll { table.rows {
            thead { tr {
                th { "干部" } th { "设备" } th { "最近同步" } th { "登记时的版本" } th.number { "已收到" } th { "登记时间" } th {}
            } }
            tbody { @for device in devices { tr.void[device.revoked_at_ms.is_some()] {
                td.nowrap { (device.cadre_name) }
                td.nowrap { (device.name) }
                td.nowrap {
                    @match device.revoked_at_ms {
                        Some(at) => span.st.accent { "已停用 " (words::day(at, now_ms)) },
                        None => (last_sync(device.last_sync_at_ms, now_ms)),
                    }
                }
                td.nowrap { (device.app_version) }
                td.number { (words::count(i64::try_from(device.receipt).unwrap_or(i64::MAX))) " 笔" }
                td.nowrap { (words::day(device.enrolled_at_ms, now_ms)) }
                td.act {
                    @if device.revoked_at_ms.is_none() { a href={ (PATH) "/revoke?device=" (device.id) } { "停用" } }
                }
            } } }
        } }
    }
}
