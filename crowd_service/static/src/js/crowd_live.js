odoo.define("crowd_service.live", function (require) {
    "use strict";

    // Screens of tickets and dispatches show what has happened by themselves. The bus
    // brings ids only; the screen then reads its records again.
    const BasicController = require("web.BasicController");
    const core = require("web.core");

    const _t = core._t;
    const CHANNEL = "crowd.dispatch";
    const MODELS = ["crowd.dispatch", "crowd.offer", "crowd.escalation", "helpdesk.ticket"];
    const AGAIN = 2000; // While somebody types, look so often whether he is ready
    const PAUSE = 1000; // Between two refreshes of a busy board
    const TICK = 60000; // Times that are left grow shorter without any message

    BasicController.include({
        start: function () {
            const isLive = MODELS.includes(this.modelName);
            return Promise.resolve(this._super(...arguments)).then(() => {
                if (isLive && !this.isDestroyed()) {
                    this._crowdListen();
                }
            });
        },
        destroy: function () {
            clearTimeout(this._crowdTimer);
            clearInterval(this._crowdTick);
            this._super(...arguments);
        },
        on_attach_callback: function () {
            this._super(...arguments);
            if (this._crowdStale) {
                this._crowdRefresh();
            }
        },

        _crowdListen: function () {
            this.call("bus_service", "onNotification", this, this._onCrowdMessages);
            this.call("bus_service", "startPolling");
            this._crowdTick = setInterval(() => this._crowdChanged(), TICK);
        },
        _onCrowdMessages: function (messages) {
            const ours = messages.filter(
                ([channel]) => Array.isArray(channel) && channel[1] === CHANNEL
            );
            if (ours.some(([, change]) => this._crowdConcerns(change))) {
                this._crowdTold = true;
                this._crowdChanged();
            }
        },
        _crowdConcerns: function (change) {
            if (this.viewType !== "form") {
                return true;
            }
            const record = this.model.get(this.handle, {raw: true});
            const ids = change[this.modelName];
            return ids
                ? ids.includes(record.res_id)
                : change[CHANNEL].includes(record.data.dispatch_id);
        },
        _crowdChanged: function () {
            this._crowdStale = true;
            if (!this._crowdTimer) {
                this._crowdRefresh();
            }
        },
        _crowdRefresh: function () {
            this._crowdTimer = null;
            if (!this._crowdStale || this.isDestroyed() || !this._crowdIsShown()) {
                return; // Whoever comes back to a screen gets it anew
            }
            if (document.hidden || this._crowdIsBusy()) {
                this._crowdHint();
                this._crowdWait(AGAIN);
                return;
            }
            this._crowdStale = this._crowdTold = this._crowdHinted = false;
            this._crowdWait(PAUSE);
            return this.reload();
        },
        _crowdWait: function (milliseconds) {
            this._crowdTimer = setTimeout(() => this._crowdRefresh(), milliseconds);
        },
        _crowdIsShown: function () {
            return this.el && document.body.contains(this.el);
        },
        // Nothing that somebody types or has selected may get lost
        _crowdIsBusy: function () {
            const content = this.el.querySelector(".o_content") || this.el;
            const active = document.activeElement;
            return (
                (this.viewType === "form" && this.mode === "edit") ||
                (content.contains(active) &&
                    active.matches("input, textarea, select, [contenteditable]")) ||
                Boolean(
                    content.querySelector(
                        ".o_kanban_quick_create, .o_selected_row, .dropdown-menu.show," +
                            " .o_list_record_selector input:checked"
                    )
                )
            );
        },
        _crowdHint: function () {
            if (this._crowdTold && !this._crowdHinted && this.mode === "edit") {
                this._crowdHinted = true;
                this.displayNotification({
                    title: _t("This has just changed"),
                    message: _t(
                        "What you type stays. You see the rest as soon as you save or discard."
                    ),
                    type: "info",
                });
            }
        },
    });
});
