/** Names of cluster options, meta-attributes and operation options that Pacemaker 2.1 and 3.0 know, with the kind of their value. */

/** `word` kinds list what is allowed; case does not matter in values. `text` is free. */
export type OptionKind = "text" | "boolean" | "time" | "score" | "integer" | readonly string[];

export type OptionTable = Readonly<Record<string, OptionKind>>;

const FENCING_ACTIONS = ["reboot", "off", "poweroff"];

export const CLUSTER_OPTIONS: OptionTable = {
  "batch-limit": "integer",
  "cluster-delay": "time",
  "cluster-infrastructure": "text",
  "cluster-ipc-limit": "integer",
  "cluster-name": "text",
  "cluster-recheck-interval": "time",
  "concurrent-fencing": "boolean",
  "dc-deadtime": "time",
  "dc-version": "text",
  "election-timeout": "time",
  "enable-acl": "boolean",
  "enable-startup-probes": "boolean",
  "fence-reaction": ["stop", "panic"],
  "fencing-action": FENCING_ACTIONS,
  "fencing-enabled": "boolean",
  "fencing-max-attempts": "integer",
  "fencing-reaction": ["stop", "panic"],
  "fencing-timeout": "time",
  "fencing-watchdog-timeout": "time",
  "have-watchdog": "boolean",
  "join-finalization-timeout": "time",
  "join-integration-timeout": "time",
  "last-lrm-refresh": "text",
  "load-threshold": "text",
  "maintenance-mode": "boolean",
  "migration-limit": "integer",
  "no-quorum-policy": ["stop", "freeze", "ignore", "demote", "suicide", "fence"],
  "node-action-limit": "integer",
  "node-health-base": "score",
  "node-health-green": "score",
  "node-health-red": "score",
  "node-health-strategy": ["none", "migrate-on-red", "only-green", "progressive", "custom"],
  "node-health-yellow": "score",
  "node-pending-timeout": "time",
  "pe-error-series-max": "integer",
  "pe-input-series-max": "integer",
  "pe-warn-series-max": "integer",
  "placement-strategy": ["default", "utilization", "minimal", "balanced"],
  "priority-fencing-delay": "time",
  "remove-after-stop": "boolean",
  "shutdown-escalation": "time",
  "shutdown-lock": "boolean",
  "shutdown-lock-limit": "time",
  "site-name": "text",
  "start-failure-is-fatal": "boolean",
  "startup-fencing": "boolean",
  "stonith-action": FENCING_ACTIONS,
  "stonith-enabled": "boolean",
  "stonith-max-attempts": "integer",
  "stonith-timeout": "time",
  "stonith-watchdog-timeout": "time",
  "stop-all-resources": "boolean",
  "stop-orphan-actions": "boolean",
  "stop-orphan-resources": "boolean",
  "stop-removed-actions": "boolean",
  "stop-removed-resources": "boolean",
  "symmetric-cluster": "boolean",
  "transition-delay": "time",
};

/** Names of Heartbeat and of early Pacemaker. They mean nothing any more, or the upgrade has given them another name. */
export const LEGACY_CLUSTER_OPTIONS: ReadonlySet<string> = new Set([
  "cluster_recheck_interval", "crmd-finalization-timeout", "crmd-integration-timeout", "crmd-transition-delay", "dc_deadtime", "default-action-timeout",
  "default-migration-threshold", "default-resource-failure-stickiness", "default-resource-stickiness", "default_action_timeout",
  "default_migration_threshold", "default_resource_failure_stickiness", "default_resource_stickiness", "election_timeout", "expected-quorum-votes",
  "is-managed-default", "is_managed_default", "network-delay", "no_quorum-policy", "no_quorum_policy", "notification-agent", "notification-recipient",
  "probe_complete", "remove_after_stop", "require_quorum", "short_resource_names", "shutdown_escalation", "startup_fencing", "stonith_action",
  "stonith_enabled", "stop_orphan_actions", "stop_orphan_resources", "suppress_cib_writes", "symetric_cluster", "symmetric_cluster",
  "transition-idle-timeout", "transition_idle_timeout", "transition_timeout",
]);

export const META_ATTRIBUTES: OptionTable = {
  "allow-migrate": "boolean",
  "allow-unhealthy-nodes": "boolean",
  "clone-max": "integer",
  "clone-min": "integer",
  "clone-node-max": "integer",
  collocated: "boolean",
  container: "text",
  "container-attribute-target": "text",
  critical: "boolean",
  "failure-timeout": "time",
  "globally-unique": "boolean",
  interleave: "boolean",
  "is-managed": "boolean",
  maintenance: "boolean",
  "master-max": "integer",
  "master-node-max": "integer",
  "migration-threshold": "score",
  "multiple-active": ["stop_start", "stop_only", "block", "stop_unexpected"],
  notify: "boolean",
  ordered: "boolean",
  priority: "score",
  promotable: "boolean",
  "promoted-max": "integer",
  "promoted-node-max": "integer",
  provides: "text",
  "remote-addr": "text",
  "remote-allow-migrate": "boolean",
  "remote-connect-timeout": "time",
  "remote-node": "text",
  "remote-port": "integer",
  requires: ["nothing", "quorum", "fencing", "unfencing"],
  "resource-stickiness": "score",
  "target-role": ["Started", "Stopped", "Promoted", "Unpromoted", "Master", "Slave", "default"],
};

export const LEGACY_META_ATTRIBUTES: ReadonlySet<string> = new Set([
  "clone_max", "clone_node_max", "globally_unique", "internal_rsc", "isolation", "isolation-host", "isolation-instance", "isolation-wrapper",
  "master_max", "master_node_max", "resource-failure-stickiness", "resource_failure_stickiness", "resource_stickiness", "restart-type",
  "restart_type", "target_role",
]);

export const OPERATION_OPTIONS: OptionTable = {
  description: "text",
  enabled: "boolean",
  interval: "time",
  "interval-origin": "text",
  name: "text",
  "on-fail": ["ignore", "block", "demote", "stop", "restart", "standby", "fence", "restart-container"],
  "record-pending": "boolean",
  role: ["Stopped", "Started", "Promoted", "Unpromoted", "Master", "Slave"],
  "start-delay": "time",
  timeout: "time",
};

export const LEGACY_OPERATION_OPTIONS: ReadonlySet<string> = new Set(["requires", "prereq", "on_fail", "start_delay"]);

export const ALERT_OPTIONS: OptionTable = { enabled: "boolean", timeout: "time", "timestamp-format": "text" };
