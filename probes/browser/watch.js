// Tells what a person would see on the page, whenever that changes. It runs in a world of its own: the page can't see
// it, and the page's content security policy does not hold it. AT (where things stand), ACCOUNT and BOOKMARK are
// put in.
(() => {
  "use strict";
  if (window !== window.top) { return; }
  let told = "";
  const shown = (element) => element !== null && element.getClientRects().length > 0;
  const meta = (name) => document.querySelector('meta[name="' + name + '"]')?.content ?? "";
  const look = () => {
    const error = document.querySelector(AT.error);
    const accounts = [...document.querySelectorAll(AT.account + "[" + AT.account_of + "]")].filter(shown);
    const report = JSON.stringify({
      host: location.hostname,
      ready: document.readyState !== "loading",
      form: shown(document.querySelector(AT.sign_in)),
      challenge: shown(document.querySelector(AT.challenge)),
      passing: document.querySelector(AT.passing) !== null,
      bookmark: document.querySelector(AT.bookmark + "[" + AT.region_of + '="' + CSS.escape(BOOKMARK) + '"]') !== null,
      region: meta(AT.region).slice(0, 64),
      accounts: accounts.length,
      expected: accounts.some((item) => item.getAttribute(AT.account_of) === ACCOUNT),
      error: shown(error) ? { token: (error.getAttribute(AT.token_of) ?? "").slice(0, 64), class: (error.getAttribute(AT.class_of) ?? "").slice(0, 64) } : null,
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
