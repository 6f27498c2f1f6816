package scenario

// files reads what the scenario names and can't be without.
func (r *reader) files(s *Scenario, with With) {
	if with.File == nil || s.Block.node == nil {
		return
	}
	read := func(key, named string) []byte {
		if named == "" {
			return nil
		}
		at := s.Block.Pos(key)
		data, err := with.File(at.File, named)
		if err != nil {
			r.add(s.Block.Errorf(key, "%v", err))
			return nil
		}
		if data == nil {
			data = []byte{}
		}
		return data
	}
	idp := &s.System.IdP
	idp.Read.Metadata = read("system.idp.metadata", idp.Metadata)
	idp.Read.Passwords = read("system.idp.passwords", idp.Passwords)
}
