/* Shows what the service desk pushes, and opens the page of it. It answers nothing by
 * itself: a page shows, a button on the page acts. */
(function () {
    "use strict";

    function read(event) {
        try {
            return event.data.json();
        } catch (error) {
            return {title: self.location.hostname, url: "/my/offers"};
        }
    }

    function show(event) {
        var message = read(event);
        event.waitUntil(
            self.registration.showNotification(message.title, {
                body: message.body || "",
                tag: message.tag || "crowd",
                renotify: true,
                icon: message.icon,
                lang: message.lang,
                actions: message.actions || [],
                requireInteraction: Boolean((message.actions || []).length),
                data: {url: message.url},
            })
        );
    }

    // Only pages of our own server, whatever a message says.
    function own(address) {
        var url = new URL(address || "/my/offers", self.location.origin);
        var path = url.pathname + url.search;
        return new URL(path, self.location.origin).href;
    }

    function open(event) {
        var action = event.action ? "#" + event.action : "";
        event.notification.close();
        event.waitUntil(
            self.clients.openWindow(own(event.notification.data.url) + action)
        );
    }

    self.addEventListener("install", function () {
        self.skipWaiting();
    });
    self.addEventListener("push", show);
    self.addEventListener("notificationclick", open);
})();
