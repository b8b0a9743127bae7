/* Pages of offers: a countdown, and no second answer by a second tap. Both are comfort:
 * the page works without this file. */
(function () {
    "use strict";

    function format(seconds) {
        var hours = Math.floor(seconds / 3600);
        var minutes = Math.floor((seconds % 3600) / 60);
        var parts = [minutes, seconds % 60];
        if (hours) {
            parts.unshift(hours);
        }
        return parts
            .map(function (part, place) {
                return place && part < 10 ? "0" + part : String(part);
            })
            .join(":");
    }

    // The server says how many seconds are left: the phone's clock may be wrong.
    function countDown(element) {
        var end = performance.now() + Number(element.dataset.crowdSeconds) * 1000;
        var clock = element.querySelector(".crowd_clock");
        var timer = 0;
        function tick() {
            var left = Math.max(0, Math.round((end - performance.now()) / 1000));
            clock.textContent = format(left);
            if (!left) {
                clearInterval(timer);
                location.reload();
            }
        }
        element.hidden = false;
        timer = setInterval(tick, 1000);
        tick();
    }

    function lockWhenSent(form) {
        form.addEventListener("submit", function (event) {
            if (form.dataset.crowdSent) {
                event.preventDefault();
            }
            form.dataset.crowdSent = "1";
        });
    }

    // A notification names the button: it is shown, and pressed by its reader only.
    function showAsked() {
        var name = {"#accept": "accept", "#decline": "decline"}[location.hash];
        var form = name && document.querySelector("form[action$='/" + name + "']");
        if (!form) {
            return;
        }
        var details = form.closest("details");
        if (details) {
            details.open = true;
        }
        form.scrollIntoView({block: "center"});
        form.querySelector("button, input:not([type=hidden])").focus();
    }

    document.querySelectorAll("[data-crowd-seconds]").forEach(countDown);
    document.querySelectorAll("form[method=post]").forEach(lockWhenSent);
    showAsked();
    window.addEventListener("pageshow", function () {
        document.querySelectorAll("form[data-crowd-sent]").forEach(function (form) {
            delete form.dataset.crowdSent;
        });
    });
})();
