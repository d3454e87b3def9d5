// Package bench pins Kubernetes' own Pod Security webhook, which is built from its module unchanged.
package bench

import _ "k8s.io/pod-security-admission/cmd/webhook/server"
