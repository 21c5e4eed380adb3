package report

// DeadGoals returns the goals that nothing in the results belongs to.
func DeadGoals(r Results) (dead []string) {
	for _, g := range goals {
		if _, ok := g.judge(r); !ok {
			dead = append(dead, g.scenario+": "+g.String())
		}
	}
	return dead
}
