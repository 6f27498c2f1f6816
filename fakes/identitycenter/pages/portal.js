
(function () {
  "use strict";
  var meta = function (name) { return document.querySelector('meta[name="' + name + '"]').content; };
  var api = meta("portal-api"), token = meta("x-amz-sso_bearer_token");
  var list = document.getElementById("accounts"), status = document.getElementById("status");
  history.replaceState(null, "", location.pathname);

  function call(path, method) {
    return fetch(api + path, { method: method || "GET", headers: { "x-amz-sso_bearer_token": token } }).then(function (answer) {
      if (answer.ok) { return method ? null : answer.json(); }
      return answer.json().catch(function () { return {}; }).then(function (body) {
        var fault = new Error(body.message || "Your request could not be completed");
        fault.status = answer.status;
        fault.kind = body.__type;
        throw fault;
      });
    });
  }
  function all(path, field, found) {
    return call(path).then(function (page) {
      var items = (found || []).concat(page[field]);
      if (!page.nextToken) { return items; }
      return all(path.replace(/&next_token=.*/, "") + "&next_token=" + encodeURIComponent(page.nextToken), field, items);
    });
  }
  function add(parent, tag, text, name) {
    var element = parent.appendChild(document.createElement(tag));
    element.textContent = text;
    if (name) { element.className = name; }
    return element;
  }
  function card(account) {
    var item = add(list, "li", "");
    item.dataset.accountId = account.accountId;
    add(item, "h3", account.accountName);
    add(item, "p", account.accountId, "id");
    add(item, "p", account.emailAddress, "mail");
    var button = add(item, "button", "Show roles");
    button.type = "button";
    button.addEventListener("click", function () {
      button.disabled = true;
      all("/assignment/roles?max_result=100&account_id=" + account.accountId, "roleList").then(function (roles) {
        var chips = add(item, "ul", "", "roles");
        roles.forEach(function (role) { chip(add(chips, "li", role.roleName), item, role); });
        button.remove();
      }).catch(fail);
    });
  }
  function chip(element, item, role) {
    var button = add(element, "button", "Access keys");
    button.type = "button";
    button.dataset.roleName = role.roleName;
    button.addEventListener("click", function () {
      var path = "/federation/credentials?account_id=" + role.accountId + "&role_name=" + encodeURIComponent(role.roleName);
      call(path).then(function (answer) {
        var keys = answer.roleCredentials, old = item.querySelector("pre");
        if (old) { old.remove(); }
        add(item, "pre", "# until " + new Date(keys.expiration).toISOString() +
          '\nexport AWS_ACCESS_KEY_ID="' + keys.accessKeyId + '"\nexport AWS_SECRET_ACCESS_KEY="' + keys.secretAccessKey +
          '"\nexport AWS_SESSION_TOKEN="' + keys.sessionToken + '"\n');
      }).catch(fail);
    });
  }
  function fail(fault) {
    var error = document.getElementById("error");
    if (!error) {
      error = document.createElement("p");
      error.id = "error";
      error.setAttribute("role", "alert");
      status.after(error);
    }
    status.textContent = "";
    var blocked = /kms:/.test(fault.message);
    error.dataset.class = blocked ? "kms" : fault.status === 401 ? "unauthorized" : fault.status === 429 ? "throttled" :
      fault.status >= 500 ? "http_5xx" : fault.status ? "http_4xx" : "unreachable";
    error.textContent = blocked ? "ERROR Code: 0001 - IdentityCenter service access is blocked. Reach out to your IdentityCenter admin for further steps." :
      fault.status ? fault.message : "It's not you, it's us";
  }

  document.getElementById("sign-out").addEventListener("click", function () {
    call("/logout", "POST").then(function () {
      list.replaceChildren();
      document.getElementById("count").textContent = "";
      status.textContent = "You have signed out.";
    }).catch(fail);
  });
  all("/assignment/accounts?max_result=100", "accountList").then(function (accounts) {
    status.textContent = accounts.length ? "" : "No account is assigned to you.";
    document.getElementById("count").textContent = "(" + accounts.length + ")";
    accounts.forEach(card);
  }).catch(fail);
})();
