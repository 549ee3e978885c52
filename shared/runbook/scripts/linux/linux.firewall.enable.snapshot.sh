state "$(firewall_state)"
