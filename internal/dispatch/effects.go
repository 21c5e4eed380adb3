package dispatch

// effects is what a decision under the locks leaves to be done after the unlock.
type effects[T, S any] struct {
	launched *Worker[T, S]   // to be woken or started, linked by next
	stopped  *Worker[T, S]   // idle workers that end, linked by next
	returned []chan struct{} // runs that have their slot back
	admitted told[T]         // senders whose input was accepted
	refused  told[T]         // senders whose input was not
	refusal  error
	checkAll bool // somebody waits until all inputs are resolved
	ended    bool // the last worker has gone
}

// launch notes that an acquired worker is to be launched, if there was one.
func (e *effects[T, S]) launch(w *Worker[T, S]) {
	if w != nil {
		w.next, e.launched = e.launched, w
	}
}

// stop notes that a worker which the roster counts as leaving is to end.
func (e *effects[T, S]) stop(w *Worker[T, S]) { w.next, e.stopped = e.stopped, w }

func (e *effects[T, S]) admit(w *Waiter[T]) { e.admitted.PushBack(w, &w.links) }

func (e *effects[T, S]) refuse(w *Waiter[T]) { e.refused.PushBack(w, &w.links) }
