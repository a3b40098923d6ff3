//! What a person with large fingers, weak eyes or a screen reader would stumble over, found on the page itself.

use super::Phone;
use serde_json::Value;

/// Every flaw of what is visible now, in words. Lists that scroll sideways may be wider than the screen.
const LOOK: &str = r#"
const flaws = [];
const touch_px_min = 47.5, contrast_min = 4.5, slack_px = 1;
const name = (one) => `${one.dataset.testid ?? one.className} “${one.textContent.slice(0, 16)}”`;
const shown = [...document.querySelectorAll('.app *')].filter((one) =>
  one.checkVisibility() && one.getClientRects().length > 0 && !one.closest('.visually-hidden, .chips.scroll'));
const colour = (text) => { const parts = text.match(/[\d.]+/g).map(Number); return { rgb: parts.slice(0, 3), seen: parts[3] !== 0 }; };
const light = (rgb) => {
  const [r, g, b] = rgb.map((part) => part / 255).map((part) => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
};
const ground = (one) => {
  for (let at = one; at; at = at.parentElement) {
    const found = colour(getComputedStyle(at).backgroundColor);
    if (found.seen) return found.rgb;
  }
  return [255, 255, 255];
};
for (const one of shown) {
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  if (one.matches('button, a, input, textarea, summary')) {
    if (Math.min(box.width, box.height) < touch_px_min) flaws.push(`too small to tap: ${name(one)} ${box.width}×${box.height}`);
    const label = one.id && document.querySelector(`label[for="${one.id}"]`)?.textContent;
    if (!(one.textContent.trim() || one.getAttribute('aria-label') || label)) flaws.push(`nameless: ${name(one)}`);
  }
  if (box.right > innerWidth + slack_px) flaws.push(`beyond the edge: ${name(one)}`);
  // Letters reach a little beyond their line; a line that is missing is a whole one.
  const line = parseFloat(style.fontSize) / 2;
  const cut = (style.overflowX !== 'visible' && one.scrollWidth > one.clientWidth + slack_px)
    || (style.webkitLineClamp !== 'none' && one.scrollHeight > one.clientHeight + line);
  if (cut && !one.matches('svg *, input')) flaws.push(`cut off: ${name(one)}`);
  if ([...one.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim())) {
    const [a, b] = [light(colour(style.color).rgb), light(ground(one))];
    const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (contrast < contrast_min) flaws.push(`faint: ${name(one)} ${contrast.toFixed(2)}`);
  }
}
return [...new Set(flaws)];
"#;

impl Phone {
    /// Fails with every flaw on the page that is open.
    ///
    /// # Panics
    /// When something visible cannot be tapped, read or named.
    pub async fn is_without_flaws(&self, page: &str) {
        let flaws: Vec<String> = self.browser.script(LOOK, Value::Null).await;
        assert!(flaws.is_empty(), "{page}: {flaws:#?}");
    }
}
