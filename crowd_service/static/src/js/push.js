/* "Tell me on this device": asks the browser, and lets the server know its address. */
(function () {
    "use strict";

    var WORKER = "/crowd_service/static/src/pwa/sw.js";

    function bytes(base64) {
        var text = atob(base64.replace(/-/g, "+").replace(/_/g, "/"));
        return Uint8Array.from(text, function (sign) {
            return sign.charCodeAt(0);
        });
    }

    function post(card, values) {
        values.csrf_token = card.dataset.crowdCsrf;
        return fetch(card.dataset.crowdPush, {
            method: "POST",
            credentials: "same-origin",
            body: new URLSearchParams(values),
        }).then(function (response) {
            if (!response.ok) {
                throw new Error(String(response.status));
            }
        });
    }

    function describe(subscription) {
        var keys = subscription.toJSON().keys;
        return {
            endpoint: subscription.endpoint,
            p256dh: keys.p256dh,
            auth: keys.auth,
        };
    }

    function show(card, state) {
        card.dataset.crowdState = state;
        card.querySelectorAll("[data-crowd-when]").forEach(function (part) {
            var states = part.dataset.crowdWhen.split(" ");
            part.hidden = states.indexOf(state) < 0;
        });
    }

    function ask(card, registration) {
        show(card, "asking");
        return Notification.requestPermission()
            .then(function (answer) {
                if (answer !== "granted") {
                    throw new Error(answer);
                }
                return registration.pushManager.subscribe({
                    userVisibleOnly: true,
                    applicationServerKey: bytes(card.dataset.crowdKey),
                });
            })
            .then(function (subscription) {
                return post(card, describe(subscription));
            })
            .then(
                function () {
                    show(card, "on");
                },
                function () {
                    show(card, Notification.permission === "denied" ? "denied" : "failed");
                }
            );
    }

    function stop(card, registration) {
        return registration.pushManager
            .getSubscription()
            .then(function (subscription) {
                return (
                    subscription &&
                    post(card, {endpoint: subscription.endpoint, off: "1"}).then(
                        function () {
                            return subscription.unsubscribe();
                        }
                    )
                );
            })
            .then(
                function () {
                    show(card, "off");
                },
                function () {
                    show(card, "failed");
                }
            );
    }

    function begin(card) {
        if (!navigator.serviceWorker || !window.PushManager || !window.Notification) {
            show(card, "impossible");
            return;
        }
        navigator.serviceWorker.register(WORKER).then(function (registration) {
            card.querySelectorAll("[data-crowd-do]").forEach(function (button) {
                button.addEventListener("click", function () {
                    var act = button.dataset.crowdDo === "on" ? ask : stop;
                    act(card, registration);
                });
            });
            return registration.pushManager.getSubscription().then(function (known) {
                show(card, Notification.permission === "denied" ? "denied" : "off");
                // The server may have forgotten it: tell it again.
                return known && post(card, describe(known)).then(function () {
                    show(card, "on");
                });
            });
        }).catch(function () {
            show(card, "impossible");
        });
    }

    document.querySelectorAll("[data-crowd-push]").forEach(begin);
})();
