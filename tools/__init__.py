"""Tools of the developers: chart generator, control plane, kubelet, bench and demo."""
