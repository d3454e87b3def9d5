{{/* What no schema can say of a block of addresses: that it has no host bits. */}}

{{- define "mcp-admission.check-blocks" -}}
{{- $policy := .Values.mcpNamespace.networkPolicy -}}
{{- range $key := list "dnsPeers" "egressCeilings" -}}
{{- range $block := index $policy $key -}}
{{- if include "mcp-admission.has-host-bits" $block -}}
{{- fail (printf "mcpNamespace.networkPolicy.%s: %s has bits after its prefix: write the first address of the block, such as 203.0.113.0/24" $key $block) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* "true" or nothing for a block in CIDR notation. */}}
{{- define "mcp-admission.has-host-bits" -}}
{{- $parts := splitList "/" . -}}
{{- $address := first $parts -}}
{{- $prefix := last $parts | int -}}
{{- $width := 8 -}}
{{- $groups := splitList "." $address -}}
{{- if contains ":" . -}}
{{- $width = 16 -}}
{{- $groups = include "mcp-admission.groups" $address | splitList "," -}}
{{- end -}}
{{- $size := list 1 2 4 8 16 32 64 128 256 512 1024 2048 4096 8192 16384 32768 65536 -}}
{{- range $at, $group := $groups -}}
{{- $number := int64 (ternary (printf "0x%s" $group) $group (eq $width 16)) -}}
{{- $host := sub $width (max 0 (min $width (sub $prefix (mul $width $at)))) -}}
{{- if mod $number (index $size $host) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* The eight groups of an IPv6 address, separated by commas. */}}
{{- define "mcp-admission.groups" -}}
{{- $halves := splitList "::" . -}}
{{- $head := first $halves | splitList ":" | compact -}}
{{- $tail := list -}}
{{- if gt (len $halves) 1 -}}
{{- $tail = last $halves | splitList ":" | compact -}}
{{- range until (sub 8 (add (len $head) (len $tail)) | int) -}}
{{- $head = append $head "0" -}}
{{- end -}}
{{- end -}}
{{- concat $head $tail | join "," -}}
{{- end -}}
