// Tells what a person would see on the page, whenever that changes. It runs in a world of its own: the page can't see
// it, and the page's content security policy does not hold it. ACCOUNT and BOOKMARK are put in.
(() => {
  "use strict";
  if (window !== window.top) { return; }
  let told = "";
  const shown = (element) => element !== null && element.getClientRects().length > 0;
  const meta = (name) => document.querySelector('meta[name="' + name + '"]')?.content ?? "";
  const look = () => {
    const error = document.querySelector("#error");
    const accounts = [...document.querySelectorAll("#accounts li[data-account-id]")].filter(shown);
    const report = JSON.stringify({
      host: location.hostname,
      ready: document.readyState !== "loading",
      form: shown(document.querySelector("form#sign-in")),
      passing: document.querySelector("form#saml") !== null,
      bookmark: document.querySelector('a.bookmark[data-region="' + CSS.escape(BOOKMARK) + '"]') !== null,
      region: meta("region").slice(0, 64),
      accounts: accounts.length,
      expected: accounts.some((item) => item.dataset.accountId === ACCOUNT),
      error: shown(error) ? { token: (error.dataset.error ?? "").slice(0, 64), class: (error.dataset.class ?? "").slice(0, 64) } : null,
    });
    if (report !== told) {
      told = report;
      regiondrillTell(report);
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  document.addEventListener("readystatechange", look);
  look();
})();
