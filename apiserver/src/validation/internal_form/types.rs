//! The inner types: their fields in declared order, as the reference's messages show them.

mod devices;
mod extension;
mod flow_control;
mod volumes;

use Form::{Always, Embedded, Leaf, Many, Maybe, Metadata};

/// A field: its Go name, its name in the API, and how it is shown.
pub struct Field(pub &'static str, pub &'static str, pub Form);

/// How a field is shown.
pub enum Form {
    /// As in the API; the text stands for an absent value.
    Leaf(&'static str),
    /// As an inner type, or null.
    Maybe(&'static str),
    /// As an inner type, also when it is absent.
    Always(&'static str),
    /// As a list of an inner type, or null.
    Many(&'static str),
    /// As a map of an inner type, or null.
    Keyed(&'static str),
    /// A schema, or a list of schemas.
    SchemaOrList,
    /// A schema, or whether there may be anything.
    SchemaOrBool,
    /// As the fields of an inner type, in this one's place.
    Embedded(&'static str),
    /// As fields of object metadata, those that are given.
    Metadata,
}

/// The fields of a type; `None` for types that are shown as in the API.
pub fn fields(name: &str) -> Option<&'static [Field]> {
    TYPES
        .iter()
        .chain(volumes::TYPES)
        .chain(devices::TYPES)
        .chain(extension::TYPES)
        .chain(flow_control::TYPES)
        .find(|(have, _)| *have == name)
        .map(|(_, fields)| *fields)
}

const fn f(shown: &'static str, name: &'static str, form: Form) -> Field {
    Field(shown, name, form)
}
const fn text(shown: &'static str, name: &'static str) -> Field {
    Field(shown, name, Leaf("\"\""))
}
const fn null(shown: &'static str, name: &'static str) -> Field {
    Field(shown, name, Leaf("null"))
}
const fn truth(shown: &'static str, name: &'static str) -> Field {
    Field(shown, name, Leaf("false"))
}
const fn number(shown: &'static str, name: &'static str) -> Field {
    Field(shown, name, Leaf("0"))
}

#[rustfmt::skip]
const TYPES: &[(&str, &[Field])] = &[
    ("PodTemplateSpec", &[f("", "metadata", Metadata), f("Spec", "spec", Always("PodSpec"))]),
    ("DeploymentStrategy", &[
        text("Type", "type"),
        f("RollingUpdate", "rollingUpdate", Maybe("RollingUpdateDeployment")),
    ]),
    ("RollingUpdateDeployment", &[
        number("MaxUnavailable", "maxUnavailable"),
        number("MaxSurge", "maxSurge"),
    ]),
    ("DaemonSetUpdateStrategy", &[
        text("Type", "type"),
        f("RollingUpdate", "rollingUpdate", Maybe("RollingUpdateDaemonSet")),
    ]),
    ("RollingUpdateDaemonSet", &[
        number("MaxUnavailable", "maxUnavailable"),
        number("MaxSurge", "maxSurge"),
    ]),
    ("StatefulSetUpdateStrategy", &[
        text("Type", "type"),
        f("RollingUpdate", "rollingUpdate", Maybe("RollingUpdateStatefulSetStrategy")),
    ]),
    ("RollingUpdateStatefulSetStrategy", &[
        number("Partition", "partition"),
        null("MaxUnavailable", "maxUnavailable"),
    ]),
    ("PodSpec", &[
        f("Volumes", "volumes", Many("Volume")),
        f("InitContainers", "initContainers", Many("Container")),
        f("Containers", "containers", Many("Container")),
        f("EphemeralContainers", "ephemeralContainers", Many("EphemeralContainer")),
        text("RestartPolicy", "restartPolicy"),
        null("TerminationGracePeriodSeconds", "terminationGracePeriodSeconds"),
        null("ActiveDeadlineSeconds", "activeDeadlineSeconds"),
        text("DNSPolicy", "dnsPolicy"),
        null("NodeSelector", "nodeSelector"),
        text("ServiceAccountName", "serviceAccountName"),
        null("AutomountServiceAccountToken", "automountServiceAccountToken"),
        text("NodeName", "nodeName"),
        f("SecurityContext", "securityContext", Maybe("PodSecurityContext")),
        f("ImagePullSecrets", "imagePullSecrets", Many("LocalObjectReference")),
        text("Hostname", "hostname"),
        text("Subdomain", "subdomain"),
        null("SetHostnameAsFQDN", "setHostnameAsFQDN"),
        f("Affinity", "affinity", Maybe("Affinity")),
        text("SchedulerName", "schedulerName"),
        f("Tolerations", "tolerations", Many("Toleration")),
        f("HostAliases", "hostAliases", Many("HostAlias")),
        text("PriorityClassName", "priorityClassName"),
        null("Priority", "priority"),
        null("PreemptionPolicy", "preemptionPolicy"),
        f("DNSConfig", "dnsConfig", Maybe("PodDNSConfig")),
        f("ReadinessGates", "readinessGates", Many("PodReadinessGate")),
        null("RuntimeClassName", "runtimeClassName"),
        null("Overhead", "overhead"),
        null("EnableServiceLinks", "enableServiceLinks"),
        f("TopologySpreadConstraints", "topologySpreadConstraints", Many("TopologySpreadConstraint")),
        f("OS", "os", Maybe("PodOS")),
        f("SchedulingGates", "schedulingGates", Many("PodSchedulingGate")),
        f("ResourceClaims", "resourceClaims", Many("PodResourceClaim")),
        f("Resources", "resources", Maybe("ResourceRequirements")),
        null("HostnameOverride", "hostnameOverride"),
        f("SchedulingGroup", "schedulingGroup", Maybe("PodSchedulingGroup")),
    ]),
    ("PodSchedulingGroup", &[
        null("PodGroupName", "podGroupName"),
    ]),
    ("PodSecurityContext", &[
        truth("HostNetwork", "hostNetwork"),
        truth("HostPID", "hostPID"),
        truth("HostIPC", "hostIPC"),
        null("ShareProcessNamespace", "shareProcessNamespace"),
        null("HostUsers", "hostUsers"),
        f("SELinuxOptions", "seLinuxOptions", Maybe("SELinuxOptions")),
        f("WindowsOptions", "windowsOptions", Maybe("WindowsSecurityContextOptions")),
        null("RunAsUser", "runAsUser"),
        null("RunAsGroup", "runAsGroup"),
        null("RunAsNonRoot", "runAsNonRoot"),
        null("SupplementalGroups", "supplementalGroups"),
        null("SupplementalGroupsPolicy", "supplementalGroupsPolicy"),
        null("FSGroup", "fsGroup"),
        null("FSGroupChangePolicy", "fsGroupChangePolicy"),
        f("Sysctls", "sysctls", Many("Sysctl")),
        f("SeccompProfile", "seccompProfile", Maybe("SeccompProfile")),
        f("AppArmorProfile", "appArmorProfile", Maybe("AppArmorProfile")),
        null("SELinuxChangePolicy", "seLinuxChangePolicy"),
    ]),
    ("SecurityContext", &[
        f("Capabilities", "capabilities", Maybe("Capabilities")),
        null("Privileged", "privileged"),
        f("SELinuxOptions", "seLinuxOptions", Maybe("SELinuxOptions")),
        f("WindowsOptions", "windowsOptions", Maybe("WindowsSecurityContextOptions")),
        null("RunAsUser", "runAsUser"),
        null("RunAsGroup", "runAsGroup"),
        null("RunAsNonRoot", "runAsNonRoot"),
        null("ReadOnlyRootFilesystem", "readOnlyRootFilesystem"),
        null("AllowPrivilegeEscalation", "allowPrivilegeEscalation"),
        null("ProcMount", "procMount"),
        f("SeccompProfile", "seccompProfile", Maybe("SeccompProfile")),
        f("AppArmorProfile", "appArmorProfile", Maybe("AppArmorProfile")),
    ]),
    ("Capabilities", &[
        null("Add", "add"),
        null("Drop", "drop"),
    ]),
    ("SELinuxOptions", &[
        text("User", "user"),
        text("Role", "role"),
        text("Type", "type"),
        text("Level", "level"),
    ]),
    ("WindowsSecurityContextOptions", &[
        null("GMSACredentialSpecName", "gmsaCredentialSpecName"),
        null("GMSACredentialSpec", "gmsaCredentialSpec"),
        null("RunAsUserName", "runAsUserName"),
        null("HostProcess", "hostProcess"),
    ]),
    ("SeccompProfile", &[
        text("Type", "type"),
        null("LocalhostProfile", "localhostProfile"),
    ]),
    ("AppArmorProfile", &[
        text("Type", "type"),
        null("LocalhostProfile", "localhostProfile"),
    ]),
    ("Sysctl", &[
        text("Name", "name"),
        text("Value", "value"),
    ]),
    ("Container", &[
        text("Name", "name"),
        text("Image", "image"),
        null("Command", "command"),
        null("Args", "args"),
        text("WorkingDir", "workingDir"),
        f("Ports", "ports", Many("ContainerPort")),
        f("EnvFrom", "envFrom", Many("EnvFromSource")),
        f("Env", "env", Many("EnvVar")),
        f("Resources", "resources", Always("ResourceRequirements")),
        f("ResizePolicy", "resizePolicy", Many("ContainerResizePolicy")),
        null("RestartPolicy", "restartPolicy"),
        f("RestartPolicyRules", "restartPolicyRules", Many("ContainerRestartRule")),
        f("VolumeMounts", "volumeMounts", Many("VolumeMount")),
        f("VolumeDevices", "volumeDevices", Many("VolumeDevice")),
        f("LivenessProbe", "livenessProbe", Maybe("Probe")),
        f("ReadinessProbe", "readinessProbe", Maybe("Probe")),
        f("StartupProbe", "startupProbe", Maybe("Probe")),
        f("Lifecycle", "lifecycle", Maybe("Lifecycle")),
        text("TerminationMessagePath", "terminationMessagePath"),
        text("TerminationMessagePolicy", "terminationMessagePolicy"),
        text("ImagePullPolicy", "imagePullPolicy"),
        f("SecurityContext", "securityContext", Maybe("SecurityContext")),
        truth("Stdin", "stdin"),
        truth("StdinOnce", "stdinOnce"),
        truth("TTY", "tty"),
    ]),
    ("EphemeralContainer", &[
        f("", "", Embedded("Container")),
        text("TargetContainerName", "targetContainerName"),
    ]),
    ("ContainerPort", &[
        text("Name", "name"),
        number("HostPort", "hostPort"),
        number("ContainerPort", "containerPort"),
        text("Protocol", "protocol"),
        text("HostIP", "hostIP"),
    ]),
    ("EnvFromSource", &[
        text("Prefix", "prefix"),
        f("ConfigMapRef", "configMapRef", Maybe("OptionalReference")),
        f("SecretRef", "secretRef", Maybe("OptionalReference")),
    ]),
    ("OptionalReference", &[
        text("Name", "name"),
        null("Optional", "optional"),
    ]),
    ("EnvVar", &[
        text("Name", "name"),
        text("Value", "value"),
        f("ValueFrom", "valueFrom", Maybe("EnvVarSource")),
    ]),
    ("EnvVarSource", &[
        f("FieldRef", "fieldRef", Maybe("ObjectFieldSelector")),
        f("ResourceFieldRef", "resourceFieldRef", Maybe("ResourceFieldSelector")),
        f("ConfigMapKeyRef", "configMapKeyRef", Maybe("KeySelector")),
        f("SecretKeyRef", "secretKeyRef", Maybe("KeySelector")),
        f("FileKeyRef", "fileKeyRef", Maybe("FileKeySelector")),
    ]),
    ("ObjectFieldSelector", &[
        text("APIVersion", "apiVersion"),
        text("FieldPath", "fieldPath"),
    ]),
    ("ResourceFieldSelector", &[
        text("ContainerName", "containerName"),
        text("Resource", "resource"),
        f("Divisor", "divisor", Leaf("\"0\"")),
    ]),
    ("KeySelector", &[
        text("Name", "name"),
        text("Key", "key"),
        null("Optional", "optional"),
    ]),
    ("FileKeySelector", &[
        text("VolumeName", "volumeName"),
        text("Path", "path"),
        text("Key", "key"),
        null("Optional", "optional"),
    ]),
    ("ResourceRequirements", &[
        null("Limits", "limits"),
        null("Requests", "requests"),
        f("Claims", "claims", Many("ResourceClaim")),
    ]),
    ("ResourceClaim", &[
        text("Name", "name"),
        text("Request", "request"),
    ]),
    ("ContainerResizePolicy", &[
        text("ResourceName", "resourceName"),
        text("RestartPolicy", "restartPolicy"),
    ]),
    ("ContainerRestartRule", &[
        text("Action", "action"),
        f("ExitCodes", "exitCodes", Maybe("ContainerRestartRuleOnExitCodes")),
    ]),
    ("ContainerRestartRuleOnExitCodes", &[
        text("Operator", "operator"),
        null("Values", "values"),
    ]),
    ("VolumeMount", &[
        text("Name", "name"),
        truth("ReadOnly", "readOnly"),
        null("RecursiveReadOnly", "recursiveReadOnly"),
        text("MountPath", "mountPath"),
        text("SubPath", "subPath"),
        null("MountPropagation", "mountPropagation"),
        text("SubPathExpr", "subPathExpr"),
    ]),
    ("VolumeDevice", &[
        text("Name", "name"),
        text("DevicePath", "devicePath"),
    ]),
    ("Probe", &[
        f("Exec", "exec", Maybe("ExecAction")),
        f("HTTPGet", "httpGet", Maybe("HTTPGetAction")),
        f("TCPSocket", "tcpSocket", Maybe("TCPSocketAction")),
        f("GRPC", "grpc", Maybe("GRPCAction")),
        number("InitialDelaySeconds", "initialDelaySeconds"),
        number("TimeoutSeconds", "timeoutSeconds"),
        number("PeriodSeconds", "periodSeconds"),
        number("SuccessThreshold", "successThreshold"),
        number("FailureThreshold", "failureThreshold"),
        null("TerminationGracePeriodSeconds", "terminationGracePeriodSeconds"),
    ]),
    ("Lifecycle", &[
        f("PostStart", "postStart", Maybe("LifecycleHandler")),
        f("PreStop", "preStop", Maybe("LifecycleHandler")),
        null("StopSignal", "stopSignal"),
    ]),
    ("LifecycleHandler", &[
        f("Exec", "exec", Maybe("ExecAction")),
        f("HTTPGet", "httpGet", Maybe("HTTPGetAction")),
        f("TCPSocket", "tcpSocket", Maybe("TCPSocketAction")),
        f("Sleep", "sleep", Maybe("SleepAction")),
    ]),
    ("ExecAction", &[
        null("Command", "command"),
    ]),
    ("HTTPGetAction", &[
        text("Path", "path"),
        number("Port", "port"),
        text("Host", "host"),
        text("Scheme", "scheme"),
        f("HTTPHeaders", "httpHeaders", Many("NameValue")),
    ]),
    ("NameValue", &[
        text("Name", "name"),
        text("Value", "value"),
    ]),
    ("TCPSocketAction", &[
        number("Port", "port"),
        text("Host", "host"),
    ]),
    ("GRPCAction", &[
        number("Port", "port"),
        null("Service", "service"),
    ]),
    ("SleepAction", &[
        number("Seconds", "seconds"),
    ]),
    ("LocalObjectReference", &[
        text("Name", "name"),
    ]),
    ("Toleration", &[
        text("Key", "key"),
        text("Operator", "operator"),
        text("Value", "value"),
        text("Effect", "effect"),
        null("TolerationSeconds", "tolerationSeconds"),
    ]),
    ("HostAlias", &[
        text("IP", "ip"),
        null("Hostnames", "hostnames"),
    ]),
    ("PodDNSConfig", &[
        null("Nameservers", "nameservers"),
        null("Searches", "searches"),
        f("Options", "options", Many("PodDNSConfigOption")),
    ]),
    ("PodDNSConfigOption", &[
        text("Name", "name"),
        null("Value", "value"),
    ]),
    ("PodReadinessGate", &[
        text("ConditionType", "conditionType"),
    ]),
    ("PodOS", &[
        text("Name", "name"),
    ]),
    ("PodSchedulingGate", &[
        text("Name", "name"),
    ]),
    ("PodResourceClaim", &[
        text("Name", "name"),
        null("ResourceClaimName", "resourceClaimName"),
        null("ResourceClaimTemplateName", "resourceClaimTemplateName"),
    ]),
    ("TopologySpreadConstraint", &[
        number("MaxSkew", "maxSkew"),
        text("TopologyKey", "topologyKey"),
        text("WhenUnsatisfiable", "whenUnsatisfiable"),
        null("LabelSelector", "labelSelector"),
        null("MinDomains", "minDomains"),
        null("NodeAffinityPolicy", "nodeAffinityPolicy"),
        null("NodeTaintsPolicy", "nodeTaintsPolicy"),
        null("MatchLabelKeys", "matchLabelKeys"),
    ]),
    ("Affinity", &[
        f("NodeAffinity", "nodeAffinity", Maybe("NodeAffinity")),
        f("PodAffinity", "podAffinity", Maybe("PodAffinity")),
        f("PodAntiAffinity", "podAntiAffinity", Maybe("PodAffinity")),
    ]),
    ("NodeAffinity", &[
        f("RequiredDuringSchedulingIgnoredDuringExecution", "requiredDuringSchedulingIgnoredDuringExecution", Maybe("NodeSelector")),
        f("PreferredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution", Many("PreferredSchedulingTerm")),
    ]),
    ("NodeSelector", &[
        f("NodeSelectorTerms", "nodeSelectorTerms", Many("NodeSelectorTerm")),
    ]),
    ("NodeSelectorTerm", &[
        f("MatchExpressions", "matchExpressions", Many("NodeSelectorRequirement")),
        f("MatchFields", "matchFields", Many("NodeSelectorRequirement")),
    ]),
    ("NodeSelectorRequirement", &[
        text("Key", "key"),
        text("Operator", "operator"),
        null("Values", "values"),
    ]),
    ("PreferredSchedulingTerm", &[
        number("Weight", "weight"),
        f("Preference", "preference", Always("NodeSelectorTerm")),
    ]),
    ("PodAffinity", &[
        f("RequiredDuringSchedulingIgnoredDuringExecution", "requiredDuringSchedulingIgnoredDuringExecution", Many("PodAffinityTerm")),
        f("PreferredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution", Many("WeightedPodAffinityTerm")),
    ]),
    ("WeightedPodAffinityTerm", &[
        number("Weight", "weight"),
        f("PodAffinityTerm", "podAffinityTerm", Always("PodAffinityTerm")),
    ]),
    ("PodAffinityTerm", &[
        null("LabelSelector", "labelSelector"),
        null("Namespaces", "namespaces"),
        text("TopologyKey", "topologyKey"),
        null("NamespaceSelector", "namespaceSelector"),
        null("MatchLabelKeys", "matchLabelKeys"),
        null("MismatchLabelKeys", "mismatchLabelKeys"),
    ]),
    ("Volume", &[
        text("Name", "name"),
        f("HostPath", "hostPath", Maybe("HostPathVolumeSource")),
        f("EmptyDir", "emptyDir", Maybe("EmptyDirVolumeSource")),
        f("GCEPersistentDisk", "gcePersistentDisk", Maybe("GCEPersistentDiskVolumeSource")),
        f("AWSElasticBlockStore", "awsElasticBlockStore", Maybe("AWSElasticBlockStoreVolumeSource")),
        f("GitRepo", "gitRepo", Maybe("GitRepoVolumeSource")),
        f("Secret", "secret", Maybe("SecretVolumeSource")),
        f("NFS", "nfs", Maybe("NFSVolumeSource")),
        null("ISCSI", "iscsi"),
        null("Glusterfs", "glusterfs"),
        f("PersistentVolumeClaim", "persistentVolumeClaim", Maybe("PersistentVolumeClaimVolumeSource")),
        null("RBD", "rbd"),
        null("Quobyte", "quobyte"),
        null("FlexVolume", "flexVolume"),
        null("Cinder", "cinder"),
        null("CephFS", "cephfs"),
        null("Flocker", "flocker"),
        f("DownwardAPI", "downwardAPI", Maybe("DownwardAPIVolumeSource")),
        null("FC", "fc"),
        null("AzureFile", "azureFile"),
        f("ConfigMap", "configMap", Maybe("ConfigMapVolumeSource")),
        null("VsphereVolume", "vsphereVolume"),
        null("AzureDisk", "azureDisk"),
        null("PhotonPersistentDisk", "photonPersistentDisk"),
        f("Projected", "projected", Maybe("ProjectedVolumeSource")),
        null("PortworxVolume", "portworxVolume"),
        null("ScaleIO", "scaleIO"),
        null("StorageOS", "storageos"),
        f("CSI", "csi", Maybe("CSIVolumeSource")),
        null("Ephemeral", "ephemeral"),
        f("Image", "image", Maybe("ImageVolumeSource")),
    ]),
    ("HostPathVolumeSource", &[
        text("Path", "path"),
        null("Type", "type"),
    ]),
    ("EmptyDirVolumeSource", &[
        text("Medium", "medium"),
        null("SizeLimit", "sizeLimit"),
    ]),
    ("GCEPersistentDiskVolumeSource", &[
        text("PDName", "pdName"),
        text("FSType", "fsType"),
        number("Partition", "partition"),
        truth("ReadOnly", "readOnly"),
    ]),
    ("AWSElasticBlockStoreVolumeSource", &[
        text("VolumeID", "volumeID"),
        text("FSType", "fsType"),
        number("Partition", "partition"),
        truth("ReadOnly", "readOnly"),
    ]),
    ("GitRepoVolumeSource", &[
        text("Repository", "repository"),
        text("Revision", "revision"),
        text("Directory", "directory"),
    ]),
    ("SecretVolumeSource", &[
        text("SecretName", "secretName"),
        f("Items", "items", Many("KeyToPath")),
        null("DefaultMode", "defaultMode"),
        null("Optional", "optional"),
    ]),
    ("ConfigMapVolumeSource", &[
        text("Name", "name"),
        f("Items", "items", Many("KeyToPath")),
        null("DefaultMode", "defaultMode"),
        null("Optional", "optional"),
    ]),
    ("KeyToPath", &[
        text("Key", "key"),
        text("Path", "path"),
        null("Mode", "mode"),
    ]),
    ("NFSVolumeSource", &[
        text("Server", "server"),
        text("Path", "path"),
        truth("ReadOnly", "readOnly"),
    ]),
    ("PersistentVolumeClaimVolumeSource", &[
        text("ClaimName", "claimName"),
        truth("ReadOnly", "readOnly"),
    ]),
    ("DownwardAPIVolumeSource", &[
        f("Items", "items", Many("DownwardAPIVolumeFile")),
        null("DefaultMode", "defaultMode"),
    ]),
    ("DownwardAPIVolumeFile", &[
        text("Path", "path"),
        f("FieldRef", "fieldRef", Maybe("ObjectFieldSelector")),
        f("ResourceFieldRef", "resourceFieldRef", Maybe("ResourceFieldSelector")),
        null("Mode", "mode"),
    ]),
    ("ProjectedVolumeSource", &[
        f("Sources", "sources", Many("VolumeProjection")),
        null("DefaultMode", "defaultMode"),
    ]),
    ("VolumeProjection", &[
        f("Secret", "secret", Maybe("ConfigMapProjection")),
        f("DownwardAPI", "downwardAPI", Maybe("DownwardAPIProjection")),
        f("ConfigMap", "configMap", Maybe("ConfigMapProjection")),
        f("ServiceAccountToken", "serviceAccountToken", Maybe("ServiceAccountTokenProjection")),
        // Shown also where absent, as recordings of line numbers tell.
        f("ClusterTrustBundle", "clusterTrustBundle", Always("ClusterTrustBundleProjection")),
        null("PodCertificate", "podCertificate"),
    ]),
    ("ConfigMapProjection", &[
        text("Name", "name"),
        f("Items", "items", Many("KeyToPath")),
        null("Optional", "optional"),
    ]),
    ("DownwardAPIProjection", &[
        f("Items", "items", Many("DownwardAPIVolumeFile")),
    ]),
    ("ServiceAccountTokenProjection", &[
        text("Audience", "audience"),
        number("ExpirationSeconds", "expirationSeconds"),
        text("Path", "path"),
    ]),
    ("ClusterTrustBundleProjection", &[
        null("Name", "name"),
        null("SignerName", "signerName"),
        null("LabelSelector", "labelSelector"),
        null("Optional", "optional"),
        text("Path", "path"),
    ]),
    ("CSIVolumeSource", &[
        text("Driver", "driver"),
        null("ReadOnly", "readOnly"),
        null("FSType", "fsType"),
        null("VolumeAttributes", "volumeAttributes"),
        f("NodePublishSecretRef", "nodePublishSecretRef", Maybe("LocalObjectReference")),
    ]),
    ("ImageVolumeSource", &[
        text("Reference", "reference"),
        text("PullPolicy", "pullPolicy"),
    ]),
];
