"""What makes parties and watchers act in time: premiums of both parties, bounties on locks."""
